/** How reading an iterable came to its end: read to the end, left early, or broken by `error`. */
export type Ending = { readonly how: 'finished' | 'left' } | { readonly how: 'failed'; readonly error: unknown }

export interface RelayHooks<T> {
  /** Stands between the reader and each step of the source. */
  readonly step?: ((pull: () => Promise<IteratorResult<T>>) => Promise<IteratorResult<T>>) | undefined
  /** Called once, whichever way it ends, also when the reader leaves before the first step. */
  readonly ended?: ((ending: Ending) => void) | undefined
}

/**
 * An iterable for one reader that passes on what `open()` gives. A generator would not do: it never learns
 * of a reader that leaves before the first step, and what it holds would never be released.
 */
export function relay<T>(open: () => AsyncIterator<T>, hooks: RelayHooks<T>): AsyncIterable<T> {
  let source: AsyncIterator<T> | undefined
  let over = false
  const end = (ending: Ending) => {
    if (over) return
    over = true
    hooks.ended?.(ending)
  }
  const pull = () => (source ??= open()).next()
  const next = async (): Promise<IteratorResult<T>> => {
    if (over) return { done: true, value: undefined }
    try {
      const result = await (hooks.step === undefined ? pull() : hooks.step(pull))
      if (result.done === true) end({ how: 'finished' })
      return result
    } catch (error) {
      end({ how: 'failed', error })
      throw error
    }
  }
  const leave = async (): Promise<IteratorResult<T>> => {
    if (!over) {
      try {
        await (source ??= open()).return?.()
      } finally {
        end({ how: 'left' })
      }
    }
    return { done: true, value: undefined }
  }
  return { [Symbol.asyncIterator]: () => ({ next, return: leave }) }
}
