import { asStorageError } from '../errors/as-storage-error.ts'
import type { StorageErrorCode } from '../errors/storage-error.ts'
import { around, forward, type Call, type Layer } from '../layers/forward.ts'
import { relay } from '../layers/relay.ts'
import type { Logger } from '../storage/types.ts'

/** What says nothing about the state of a source: answers, and the end of a storage. */
const NO_FAILURE: ReadonlySet<StorageErrorCode> = new Set(['not-found', 'range', 'unsupported', 'closed'])

/**
 * Says once, at warn, that a source of a tier began to fail, and at info that it answers again. All failures between the two are
 * told at debug: a network that is away would fill the log. An operation that failed has to succeed itself: of a source that
 * knows its blobs and cannot read them, nothing is said twice.
 */
export function announce(logger: Logger, tier: string): Layer {
  return (inner) => {
    const failing = new Set<Call['operation']>()

    function failed({ operation, cid, options }: Call, cause: unknown): void {
      const error = asStorageError(cause, { backend: inner.name, operation, cid })
      if (options.signal?.aborted === true || NO_FAILURE.has(error.code)) return
      const level = failing.size === 0 ? 'warn' : 'debug'
      failing.add(operation)
      const source = inner.name === tier ? tier : `${tier}: ${inner.name}`
      logger[level](`${source} fails: ${error.message} (${error.code})`, { tier, source: inner.name, operation, error })
    }
    function worked({ operation }: Call): void {
      if (failing.delete(operation) && failing.size === 0)
        logger.info(`${inner.name} answers again.`, { tier, source: inner.name, operation })
    }
    async function watched<R>(call: Call, work: Promise<R>): Promise<R> {
      try {
        return await work
      } catch (error) {
        failed(call, error)
        throw error
      }
    }
    const body = <T>(call: Call, items: AsyncIterable<T>): AsyncIterable<T> =>
      relay(() => items[Symbol.asyncIterator](), {
        ended: (ending) => (ending.how === 'failed' ? failed(call, ending.error) : worked(call)),
      })

    return forward(
      inner,
      around({
        call: async (call, next) => {
          const result = await watched(call, next(call.options))
          worked(call)
          return result
        },
        read: async (call, next) => {
          const read = await watched(call, next(call.options))
          return { ...read, body: body(call, read.body) }
        },
        items: (call, next) => body(call, next(call.options)),
      }),
    )
  }
}
