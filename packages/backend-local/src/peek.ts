import { chunksOf, type Body } from '@stowage/core/spi'

/** A body that was read up to a limit: all of it, or the whole of it again. Iterate `body`, or call its `return`. */
export type Peeked =
  | { readonly bytes: Uint8Array; readonly body?: undefined }
  | { readonly bytes?: undefined; readonly body: AsyncIterableIterator<Uint8Array> }

/** The bytes of a body that has at most `limit` of them. Of a longer one, little more than that is read. */
export async function peek(source: Body, limit: number, signal: AbortSignal): Promise<Peeked> {
  const rest = chunksOf(source, signal)[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let size = 0
  while (size <= limit) {
    const next = await rest.next()
    if (next.done === true) return { bytes: Buffer.concat(first) }
    // The source may use its buffer again. Of a large chunk nothing is copied: it goes on before the next one is asked for.
    size += next.value.length
    first.push(size <= limit ? new Uint8Array(next.value) : next.value)
  }
  return { body: followed(first, rest) }
}

function followed(first: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: async () => {
      const value = first.shift()
      return value === undefined ? rest.next() : { done: false, value }
    },
    return: async () => (await rest.return?.()) ?? { done: true, value: undefined },
  }
}
