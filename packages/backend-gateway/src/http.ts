import type { ReadableStreamDefaultReader } from 'node:stream/web'
import { collectUpTo, relay, StorageError, type Body } from '@stowage/core/spi'
import { withoutCredentials } from './address.ts'
import { transportError, wrongBytes } from './errors.ts'
import { idleTimeoutOf, type HttpOptions } from './options.ts'
import { MAX_REDIRECTS, redirectOf, sameSite } from './redirects.ts'
import { watch, type Watch } from './watch.ts'

export interface Ask {
  readonly url: URL
  readonly method?: 'GET' | 'HEAD' | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal: AbortSignal
}

export interface Answer {
  /** Where it came from, after redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  /** One reader; leaving early ends the request. A body that stalls: `timeout`; one that breaks off: `unavailable`. */
  readonly body: Body
  /** All of the body. More than `most` bytes: `integrity`. */
  bytes(most: number): Promise<Uint8Array>
  /** Nobody wants the body: keeps the connection if it is short, ends the request otherwise. */
  drop(): Promise<void>
  /** Ends the request, whatever of its body is still to come. */
  end(): void
}

/** Asks once, wherever redirects lead; any status is an answer. Aborted: rejects with the signal's reason. */
export type Http = (ask: Ask) => Promise<Answer>

/** What is read of a body that nobody wants, so that its connection can be used again. */
const SHORT = 4096
const SHORT_TIME = 1_000

export function http(options: HttpOptions): Http {
  const idleTimeout = idleTimeoutOf(options)
  return async ({ url: asked, method = 'GET', headers = {}, signal }) => {
    const { bare: named, headers: credentials } = withoutCredentials(asked)
    const send = options.fetch ?? fetch
    const late = (): StorageError =>
      new StorageError('timeout', `${named.host} gave nothing for ${idleTimeout} ms.`, { transient: true })
    const work = watch(signal, idleTimeout, late)
    try {
      let url = named
      for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
        const sent = {
          ...(sameSite(named, url) ? { ...credentials, ...options.headers } : {}),
          'accept-encoding': 'identity',
          ...headers,
        }
        const asking = send(url, { method, headers: sent, redirect: 'manual', signal: work.signal })
        const response = await work.step(asking).catch((error: unknown) => {
          throw work.signal.aborted ? error : transportError(error, url)
        })
        const answer = answerOf(response, url, work)
        const next = redirectOf(url, response)
        if (next === undefined) return answer
        await readShort(response, work)
        url = next
      }
      throw new StorageError('unavailable', `${named.host} redirects more than ${MAX_REDIRECTS} times.`)
    } catch (error) {
      work.end()
      throw error
    }
  }
}

function answerOf(response: Response, url: URL, work: Watch): Answer {
  const body = bodyOf(response, url, work)
  return {
    url,
    status: response.status,
    headers: response.headers,
    body,
    bytes: async (most) => {
      const bytes = await collectUpTo(most, body)
      if (bytes.length <= most) return bytes
      throw wrongBytes(`${url.host} gave more than ${most} bytes where that is the most there can be.`)
    },
    drop: async () => {
      await readShort(response, work)
      work.end()
    },
    end: work.end,
  }
}

function bodyOf(response: Response, url: URL, work: Watch): Body {
  const open = (): AsyncIterator<Uint8Array> => {
    const reader = readerOf(response)
    return {
      next: async () => {
        if (reader === undefined) return { done: true, value: undefined }
        const read = await work.step(reader.read()).catch((error: unknown) => {
          throw work.signal.aborted ? error : transportError(error, url)
        })
        return read.done ? { done: true, value: undefined } : { done: false, value: read.value }
      },
      return: async () => ({ done: true, value: undefined }),
    }
  }
  return relay(open, { ended: () => work.end() })
}

/** Reads a short body to its end, so that the connection can be used again; ends the request of any other. */
async function readShort(response: Response, work: Watch): Promise<void> {
  const reader = readerOf(response)
  if (reader === undefined) return
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), SHORT_TIME)
  try {
    for (let left = SHORT; left > 0;) {
      const { done, value } = await work.step(reader.read())
      if (done) return
      left -= value.length
    }
    void reader.cancel().catch(() => {})
  } catch {
    // Nobody waits for these bytes.
  } finally {
    clearTimeout(timer)
  }
}

function readerOf({ body }: Response): ReadableStreamDefaultReader<Uint8Array> | undefined {
  return body?.getReader()
}
