import type { BlobSource, Body, ReadOptions } from '@stowage/core/spi'
import type { Fixture } from './fixtures.ts'

/** A body under the case's control, which knows whether its reader let go of it. */
export interface Watched {
  readonly body: Body
  /** True when it was read to its end, failed, or was left through `return()`. */
  released(): boolean
}

export function watch(body: Body): Watched {
  let released = false
  return {
    released: () => released,
    body: (async function* () {
      try {
        yield* body
      } finally {
        released = true
      }
    })(),
  }
}

/** The first `count` bytes, then whatever `then` does. */
export async function* after(bytes: Uint8Array, count: number, then: () => unknown): Body {
  if (count > 0) yield bytes.slice(0, count)
  await then()
  if (count < bytes.length) yield bytes.slice(count)
}

/** Some bytes, and then never anything. */
export function hanging(bytes: Uint8Array): Watched & { readonly reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  let released = false
  let step = 0
  const iterator: AsyncIterator<Uint8Array> = {
    next: async () => {
      step += 1
      if (step === 1) return { done: false, value: bytes.slice() }
      resolve()
      return new Promise(() => {})
    },
    return: async () => {
      released = true
      return { done: true, value: undefined }
    },
  }
  return { body: { [Symbol.asyncIterator]: () => iterator }, released: () => released, reached }
}

/** The same blob, from a source that opens to something else. */
export function sourceOf({ cid, size, outboard }: Fixture, open: (options?: ReadOptions) => Body): BlobSource {
  return { cid, size, outboard, open }
}
