import { once } from 'node:events'
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { isOf, ofKind, type Fault, type Side } from './fault.ts'
import { headersOf, requestHeaders, answerHeaders, type Headers } from './headers.ts'
import { listen, type Counts, type Listener, type Place } from './listener.ts'
import { bucketsOf, type Rates } from './rates.ts'
import { breakOff, reset } from './reset.ts'
import { faultsOf, type Schedule } from './schedule.ts'
import { flow, readingOf, shifted } from './shape.ts'

/** A request, as a schedule sees it. */
export interface HttpCall {
  /** Counts from 0, since the schedule was set. */
  readonly index: number
  readonly method: string
  /** With the query. */
  readonly path: string
  /** Their names are in lower case. */
  readonly headers: Headers
}

export interface HttpProxyOptions extends Place {
  /** `http://host:port` of the server. */
  readonly target: string
  readonly rates?: Rates | undefined
  readonly schedule?: Schedule<Fault, HttpCall> | undefined
}

/** A proxy for HTTP/1.1 without TLS: the schedule has the faults of each request. The server sees the client's headers, `Host` included. */
export interface HttpProxy extends Omit<Listener, 'counts'> {
  readonly url: string
  counts(): Counts & { readonly requests: number }
  /** Every request that came, oldest first. */
  readonly calls: readonly HttpCall[]
  /** Takes another schedule, for requests that are yet to come. */
  schedule(schedule: Schedule<Fault, HttpCall>): void
}

export async function openHttpProxy(options: HttpProxyOptions): Promise<HttpProxy> {
  const buckets = bucketsOf(options.rates ?? {})
  const calls: HttpCall[] = []
  let schedule = options.schedule ?? []
  let index = 0

  const server = createServer((request, response) => {
    const { socket } = request
    const over = new AbortController()
    response.once('close', () => over.abort())
    const { method = '', url: path = '' } = request
    const call = { index: index++, method, path, headers: headersOf(request.rawHeaders) }
    calls.push(call)
    void faultsOf(schedule, call.index, call)
      .then((faults) => exchange(request, response, faults, over.signal))
      // One side is gone, or the schedule failed: so is the connection.
      .catch(() => reset(socket))
  })
  // A proxy that closes what is idle, or takes long, would add faults that nobody asked for.
  Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 })

  async function exchange(
    request: IncomingMessage,
    response: ServerResponse,
    faults: readonly Fault[],
    signal: AbortSignal,
  ): Promise<void> {
    const { socket } = request
    if (ofKind(faults, 'refuse').length > 0) {
      reset(socket)
      return
    }
    for (const { ms } of ofKind(faults, 'latency')) await delay(ms, undefined, { signal })
    const hangs = ofKind(faults, 'hang').filter(({ after }) => after === undefined)
    if (hangs.length > 0) {
      if (hangs.every((fault) => isOf(fault, 'answer'))) request.resume()
      return
    }
    const [status] = ofKind(faults, 'status')
    if (status !== undefined) {
      request.resume()
      await once(request, 'end', { signal })
      const { retryAfter } = status
      response.writeHead(status.status, retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }).end()
      return
    }

    signal.throwIfAborted()
    const upstream = send(new URL(request.url ?? '', options.target), {
      method: request.method,
      headers: requestHeaders(request.rawHeaders, faults),
      agent: false,
    })
    signal.addEventListener('abort', () => upstream.destroy(), { once: true })
    const answered = once(upstream, 'response', { signal }) as Promise<[IncomingMessage]>
    // Whoever waits for the answer gets it.
    upstream.on('error', () => undefined)
    const side = (of: Side): Pick<Parameters<typeof flow>[0], 'side' | 'faults' | 'buckets' | 'signal'> => ({
      side: of,
      faults,
      buckets: buckets(of, faults),
      signal,
    })
    const upload = async (): Promise<void> => {
      const outcome = await flow({ from: readingOf(request), to: upstream, ...side('request') })
      if (outcome === 'whole') upstream.end()
      else await breakOff(outcome, socket)
    }
    const download = async (): Promise<void> => {
      const [answer] = await answered
      const { statusCode = 0, statusMessage = '' } = answer
      const ranged = statusCode === 206 ? ofKind(faults, 'range') : []
      response.writeHead(statusCode, statusMessage, answerHeaders(answer.rawHeaders, faults, statusCode))
      response.flushHeaders()
      const moved = ranged.some(({ how }) => how === 'shifted' || how === 'lying')
      const outcome = await flow({
        from: moved ? shifted(readingOf(answer)) : readingOf(answer),
        to: response,
        ...side('answer'),
      })
      if (outcome !== 'whole') {
        await breakOff(outcome, socket)
        return
      }
      if (answer.rawTrailers.length > 0) response.addTrailers(Object.entries(headersOf(answer.rawTrailers)))
      response.end()
      // Whoever was promised more would wait for it.
      if (ofKind(faults, 'length').some(({ by }) => by > 0)) await breakOff('end', socket)
    }
    await Promise.all([upload(), download()])
  }

  const { counts, ...listener } = await listen(server, options)
  return {
    ...listener,
    url: `http://${listener.host}:${listener.port}`,
    calls,
    counts: () => ({ ...counts(), requests: calls.length }),
    schedule(next) {
      schedule = next
      index = 0
    },
  }
}
