import { StorageError, throwIfAborted, type Body } from '@stowage/core/spi'
import { lateError, statusError, strangeAnswer, transportError } from './errors.ts'

export type Json = Readonly<Record<string, unknown>>

export interface Call {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly json?: Json | undefined
  readonly upload?: { readonly type: string; readonly bytes: Body } | undefined
  readonly signal: AbortSignal
}

/** An HTTP service that answers with JSON and knows us by a token. */
export interface Service {
  /** Its URL, without secrets. */
  readonly shown: string
  /** The object that it answers with; of an answer without a body, an empty one. */
  call(call: Call): Promise<Json>
}

/** Milliseconds in which an answer has to come, and an upload to move on. */
const PATIENCE = 60_000
/** After an upload the service hashes and stores what it got. */
const AFTER_UPLOAD = 600_000

/** No http(s) URL: `invalid-argument`. */
export function service(url: string, token: string): Service {
  const base = URL.canParse(url) ? new URL(url) : undefined
  if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== '')
    throw new StorageError('invalid-argument', 'The URL of the service is no http or https URL, or has a user in it.')
  const root = base.origin + base.pathname.replace(/\/+$/, '')

  return {
    shown: root,
    async call({ method, path, query, json, upload, signal }) {
      throwIfAborted(signal)
      const target = new URL(root + path)
      for (const [key, value] of Object.entries(query ?? {})) target.searchParams.set(key, value)
      const clock = watch(root)
      const type = upload?.type ?? (json === undefined ? undefined : 'application/json')
      try {
        const answer = await fetch(target, {
          method,
          signal: AbortSignal.any([signal, clock.signal]),
          headers: {
            authorization: `Bearer ${token}`,
            accept: 'application/json',
            ...(type && { 'content-type': type }),
          },
          // A token is for this server alone.
          redirect: 'error',
          ...(json && { body: JSON.stringify(json) }),
          ...(upload && { body: ReadableStream.from(clock.moving(upload.bytes)), duplex: 'half' as const }),
        })
        const text = await answer.text()
        if (!answer.ok) throw statusError(root, answer.status, text)
        return parsed(text, root)
      } catch (error) {
        throwIfAborted(signal)
        throwIfAborted(clock.signal)
        throw clock.failure ?? transportError(root, error)
      } finally {
        clock.stop()
      }
    },
  }
}

interface Clock {
  /** Aborts when nothing moves. */
  readonly signal: AbortSignal
  /** Passes the pieces on; time that their source takes does not count. */
  moving(bytes: Body): AsyncGenerator<Uint8Array>
  /** What the source of the pieces threw: `fetch` would hide it. */
  readonly failure: unknown
  stop(): void
}

function watch(shown: string): Clock {
  const late = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let failure: unknown
  const wind = (milliseconds: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => late.abort(lateError(shown, milliseconds)), milliseconds)
  }
  wind(PATIENCE)
  return {
    signal: late.signal,
    async *moving(bytes) {
      const pieces = bytes[Symbol.asyncIterator]()
      try {
        for (;;) {
          clearTimeout(timer)
          const next = await pieces.next()
          wind(next.done === true ? AFTER_UPLOAD : PATIENCE)
          if (next.done === true) return
          yield next.value
        }
      } catch (error) {
        failure = error
        throw error
      } finally {
        await pieces.return?.()
      }
    },
    get failure() {
      return failure
    },
    stop: () => clearTimeout(timer),
  }
}

function parsed(text: string, shown: string): Json {
  if (text === '') return {}
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw strangeAnswer(shown, 'answered with what is no JSON.', cause)
  }
  if (typeof value !== 'object' || value === null) throw strangeAnswer(shown, 'answered with what is no JSON object.')
  return value as Json
}
