import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { isOf, ofKind, type Side, type StreamFault } from './fault.ts'
import { listen, type Listener, type Place } from './listener.ts'
import { bucketsOf, type Rates } from './rates.ts'
import { breakOff, reset } from './reset.ts'
import { faultsOf, type Schedule } from './schedule.ts'
import { flow, readingOf } from './shape.ts'

/** A connection, as a schedule sees it. */
export interface TcpCall {
  /** Counts from 0, since the schedule was set. */
  readonly index: number
}

export interface TcpProxyOptions extends Place {
  /** Where the server listens. */
  readonly target: { readonly host: string; readonly port: number }
  readonly rates?: Rates | undefined
  readonly schedule?: Schedule<StreamFault, TcpCall> | undefined
}

/** A proxy for any protocol over TCP: the schedule has the faults of each connection. */
export interface TcpProxy extends Listener {
  /** Takes another schedule, for connections that are yet to come. */
  schedule(schedule: Schedule<StreamFault, TcpCall>): void
}

export async function openTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  const buckets = bucketsOf(options.rates ?? {})
  let schedule = options.schedule ?? []
  let index = 0
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const over = new AbortController()
    client.once('close', () => over.abort())
    const call = { index: index++ }
    void faultsOf(schedule, call.index, call)
      .then((faults) => relay(client, faults, over.signal))
      // One side is gone, or the schedule failed: so is the connection.
      .catch(() => reset(client))
  })

  async function relay(client: Socket, faults: readonly StreamFault[], signal: AbortSignal): Promise<void> {
    if (ofKind(faults, 'refuse').length > 0) {
      reset(client)
      return
    }
    for (const { ms } of ofKind(faults, 'latency')) await delay(ms, undefined, { signal })
    signal.throwIfAborted()
    const target = connect({ ...options.target, allowHalfOpen: true, noDelay: true })
    signal.addEventListener('abort', () => target.destroy(), { once: true })
    target.on('error', () => reset(client))
    await once(target, 'connect', { signal })

    const move = async (from: Socket, to: Socket, side: Side): Promise<void> => {
      if (ofKind(faults, 'hang').some((fault) => isOf(fault, side) && fault.after === undefined)) return
      const outcome = await flow({ from: readingOf(from), to, side, faults, buckets: buckets(side, faults), signal })
      if (outcome === 'whole') to.end()
      else await breakOff(outcome, client)
    }
    await Promise.all([move(client, target, 'request'), move(target, client, 'answer')])
  }

  const listener = await listen(server, options)
  return {
    ...listener,
    schedule(next) {
      schedule = next
      index = 0
    },
  }
}
