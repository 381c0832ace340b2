import { channel, type Channel } from 'node:diagnostics_channel'
import { performance } from 'node:perf_hooks'
import { StorageError } from '../errors/storage-error.ts'
import type { BlobSource, Body } from '../spi/backend.ts'
import { around, forward, type Call, type Layer } from './forward.ts'
import { relay, type Ending } from './relay.ts'

/** What `stowage:backend:start` carries. */
export interface BackendStart {
  /** The same number in a call's start and in its end or error; unique in this process. */
  readonly id: number
  readonly backend: string
  readonly operation: Call['operation']
  /** The CID's text, where the call is about one blob. */
  readonly cid: string | undefined
}

interface BackendDone extends BackendStart {
  /** Bytes of bodies and outboards that went through, either way. */
  readonly bytes: number
  /** Milliseconds from the call to its end; of a read, to the end of its body. */
  readonly duration: number
}

/** What `stowage:backend:end` carries. */
export interface BackendEnd extends BackendDone {
  /** `missing`: the blob was not there, which is an answer. `left`: the reader left before the end. */
  readonly outcome: 'done' | 'missing' | 'left'
}

/** What `stowage:backend:error` carries. */
export interface BackendFailure extends BackendDone {
  readonly outcome: 'failed' | 'aborted'
  readonly error: unknown
}

/**
 * The channels of `node:diagnostics_channel` on which `observe()` tells of calls. Plain channels and not a
 * `tracingChannel`: that one ends with the promise of `read`, and a read is over only with its body.
 */
export const backendChannels: { readonly start: Channel; readonly end: Channel; readonly error: Channel } = {
  start: channel('stowage:backend:start'),
  end: channel('stowage:backend:end'),
  error: channel('stowage:backend:error'),
}

/**
 * Tells of every call, on `backendChannels`: one `start`, then exactly one `end` or one `error`. Without
 * subscribers at the time of the call it does nothing at all. `health` and `close` are not told of.
 */
export function observe(): Layer {
  return (inner) => {
    const handlers = around({
      call: async (call, next) => {
        const span = begin(inner.name, call)
        return span === undefined ? next(call.options) : settle(span, call, () => next(call.options))
      },
      read: async (call, next) => {
        const span = begin(inner.name, call)
        if (span === undefined) return next(call.options)
        try {
          const read = await next(call.options)
          return { ...read, body: counting(read.body, span, (ending) => span.ended(ending, call.options.signal)) }
        } catch (error) {
          span.fail(error, call.options.signal)
          throw error
        }
      },
      items: (call, next) => {
        const span = begin(inner.name, call)
        const items = next(call.options)
        return span === undefined
          ? items
          : relay(() => items[Symbol.asyncIterator](), { ended: (ending) => span.ended(ending, call.options.signal) })
      },
    })
    return forward(inner, {
      ...handlers,
      put:
        (next) =>
        async (blob, options = {}) => {
          const call: Call = { operation: 'put', cid: blob.cid, options }
          const span = begin(inner.name, call)
          return span === undefined
            ? next(blob, options)
            : settle(span, call, () => next(countedSource(blob, span), options))
        },
    })
  }
}

interface Span {
  count(bytes: number): void
  end(outcome: BackendEnd['outcome']): void
  fail(error: unknown, signal: AbortSignal | undefined): void
  ended(ending: Ending, signal: AbortSignal | undefined): void
}

let lastId = 0

/** Tells of the start of a call; `undefined` when nobody listens. */
function begin(backend: string, { operation, cid }: Call): Span | undefined {
  const { start, end, error } = backendChannels
  if (!start.hasSubscribers && !end.hasSubscribers && !error.hasSubscribers) return undefined
  const event: BackendStart = { id: (lastId += 1), backend, operation, cid: cid?.toString() }
  const began = performance.now()
  let bytes = 0
  const done = (): BackendDone => ({ ...event, bytes, duration: performance.now() - began })
  const span: Span = {
    count: (more) => {
      bytes += more
    },
    end: (outcome) => end.publish({ ...done(), outcome } satisfies BackendEnd),
    fail: (reason, signal) => {
      if (StorageError.is(reason, 'not-found')) return span.end('missing')
      const outcome = signal?.aborted && reason === signal.reason ? 'aborted' : 'failed'
      error.publish({ ...done(), outcome, error: reason } satisfies BackendFailure)
    },
    ended: (ending, signal) => {
      if (ending.how === 'failed') span.fail(ending.error, signal)
      else span.end(ending.how === 'left' ? 'left' : 'done')
    },
  }
  start.publish(event)
  return span
}

async function settle<R>(span: Span, call: Call, work: () => Promise<R>): Promise<R> {
  try {
    const result = await work()
    if (result instanceof Uint8Array) span.count(result.length)
    span.end(isMiss(call, result) ? 'missing' : 'done')
    return result
  } catch (error) {
    span.fail(error, call.options.signal)
    throw error
  }
}

function isMiss({ operation }: Call, result: unknown): boolean {
  return result === false || (result === undefined && operation !== 'put')
}

function countedSource(blob: BlobSource, span: Span): BlobSource {
  const { cid, size, outboard } = blob
  return { cid, size, outboard, open: (options) => counting(blob.open(options), span) }
}

function counting(body: Body, span: Span, ended?: (ending: Ending) => void): Body {
  return relay(() => body[Symbol.asyncIterator](), {
    step: async (pull) => {
      const result = await pull()
      if (result.done !== true) span.count(result.value.length)
      return result
    },
    ended,
  })
}
