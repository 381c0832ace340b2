import { Agent as PlainAgent, request as plainRequest, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { raceAbort, throwIfAborted, type Body } from '@stowage/core/spi'
import type { Address } from './address.ts'
import { answerError, lateError, transportError } from './errors.ts'

export interface Request {
  readonly method: 'GET' | 'POST'
  /** Below the address's base, with its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Body | undefined
  /** Milliseconds in which the answer has to begin once everything was sent, and then each further piece to come. */
  readonly patience: number
  readonly signal: AbortSignal
}

/** An answer whose head is here. Read its body or `drop` it: until then its connection is taken. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  /** Fails when the answer ends early, or when Kubo notes a failure behind it. */
  readonly body: Body
  drop(): void
}

/** One server, with the connections to it. */
export interface Line {
  readonly shown: string
  send(request: Request): Promise<Answer>
  close(): void
}

/** Calls at a time: what comes beyond waits for its turn. */
const CONNECTIONS = 24
/** A connection that nobody used for so long is closed by us, before the server does it in the middle of a call. */
const IDLE = 15_000
/** How long a server that knows nothing of `Expect: 100-continue` is waited for. */
const CONTINUE = 1_000

/**
 * `node:http` and not `fetch`: Kubo tells of failures behind an answer in a trailer, which `fetch` does not show, and it
 * can listen on a Unix socket.
 */
export function line(address: Address): Line {
  const { secure, connect, base, shown } = address
  const options = { keepAlive: true, maxSockets: CONNECTIONS, timeout: IDLE, scheduling: 'lifo' as const }
  const agent = secure ? new SecureAgent(options) : new PlainAgent(options)
  const start = secure ? secureRequest : plainRequest

  async function attempt(request: Request): Promise<Answer> {
    const { method, path, body, patience, signal } = request
    throwIfAborted(signal)
    const headers = { ...address.headers, ...request.headers, ...(body && { expect: '100-continue' }) }
    const outgoing = start({ ...connect, agent, method, path: base + path, headers })
    const failed = new Promise<never>((_, reject) => {
      outgoing.on('error', (cause) => reject(new Broken(outgoing.reusedSocket, cause)))
    })
    failed.catch(() => {})
    const answered = new Promise<IncomingMessage>((resolve) => outgoing.once('response', resolve))
    try {
      if (body === undefined) outgoing.end()
      else await write(outgoing, body, { answered, failed, patience, shown, signal })
      const incoming = await within(Promise.race([answered, failed]), patience, shown, signal)
      return answerOf(incoming, outgoing, request, shown)
    } catch (error) {
      outgoing.destroy()
      throw error
    }
  }

  return {
    shown,
    async send(request) {
      try {
        return await attempt(request).catch((error: unknown) => {
          // The server closed the connection while nothing was under way on it: nothing has happened yet.
          if (error instanceof Broken && error.idle && request.body === undefined) return attempt(request)
          throw error
        })
      } catch (error) {
        throwIfAborted(request.signal)
        // What a source of bytes threw stays as it is.
        throw error instanceof Broken ? transportError(shown, error.cause) : error
      }
    },
    close: () => agent.destroy(),
  }
}

/** The request broke off; `idle`: on a connection that had lain unused before. */
class Broken extends Error {
  readonly idle: boolean
  constructor(idle: boolean, cause: Error) {
    super(cause.message, { cause })
    this.idle = idle
  }
}

interface Writing {
  readonly answered: Promise<unknown>
  readonly failed: Promise<never>
  readonly patience: number
  readonly shown: string
  readonly signal: AbortSignal
}

/** Sends the body, unless the server answers before it is over: then the rest is not wanted. */
async function write(outgoing: ClientRequest, body: Body, writing: Writing): Promise<void> {
  const { answered, failed, patience, shown, signal } = writing
  let over = false
  void answered.then(() => (over = true))
  outgoing.flushHeaders()
  const goOn = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, CONTINUE).unref()
    outgoing.once('continue', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  await raceAbort(Promise.race([goOn, answered, failed]), signal)
  for await (const piece of body) {
    if (over) return
    if (outgoing.write(piece)) continue
    const drained = new Promise<void>((resolve) => outgoing.once('drain', resolve))
    await within(Promise.race([drained, answered, failed]), patience, shown, signal)
  }
  outgoing.end()
}

function answerOf(
  incoming: IncomingMessage,
  outgoing: ClientRequest,
  { patience, signal }: Request,
  shown: string,
): Answer {
  async function* read(): Body & AsyncGenerator<Uint8Array> {
    const chunks = incoming[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    try {
      for (;;) {
        const next = await within(chunks.next(), patience, shown, signal)
        if (next.done === true) break
        yield next.value
      }
    } catch (error) {
      throwIfAborted(signal)
      throw transportError(shown, error)
    } finally {
      if (!incoming.complete || !outgoing.writableFinished) incoming.destroy()
    }
    const trouble = incoming.trailers['x-stream-error']
    if (trouble !== undefined) throw answerError(shown, 200, trouble)
  }
  // An error that nobody waits for is no reason to end the process.
  incoming.on('error', () => {})
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    body: read(),
    drop: () => incoming.destroy(),
  }
}

/** Rejects with the signal's reason, or as late. Leaves no timer behind. */
async function within<T>(promise: Promise<T>, patience: number, shown: string, signal: AbortSignal): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(lateError(shown, patience)), patience)
  })
  try {
    return await raceAbort(Promise.race([promise, late]), signal)
  } finally {
    clearTimeout(timer)
  }
}
