import { createRate } from '../src/fetch/rate.ts'
import type { Peer, Run } from '../src/fetch/peer.ts'
import { createSchedule } from '../src/fetch/schedule.ts'
import type { Leaves } from '../src/outboard/outboard.ts'

/** How a source behaves, in virtual time. */
export interface Behaviour {
  /** Bytes a second, of all its answers together. */
  readonly rate: number
  /** Milliseconds until an answer begins. */
  readonly latency: number
  /** Bytes after which it answers nothing any more, but with failures. */
  readonly diesAfter?: number | undefined
  /** Bytes of an answer after which nothing comes any more; the answer fails when it was idle for too long. */
  readonly hangsAfter?: number | undefined
  /** So many answers hang, the first ones. Default: all. */
  readonly hangs?: number | undefined
  /** Bytes of an answer after which it breaks off. */
  readonly cutsAfter?: number | undefined
  /** Of every so many leaves one is wrong. */
  readonly liesEvery?: number | undefined
  readonly ranges?: Peer['ranges'] | undefined
}

export interface Outcome {
  /** Virtual milliseconds until everything was there, or given up. */
  readonly took: number
  readonly complete: boolean
  /** Bytes that all sources sent. */
  readonly sent: number
  /** Most requests at a time. */
  readonly requests: number
  /** How often the leaf was begun that was asked for most often. */
  readonly mostAsked: number
  readonly sentBy: readonly number[]
}

interface Stream {
  readonly run: Run
  readonly who: number
  readonly from: number
  /** Bytes sent. */
  sent: number
  skip: number
  readonly hangs: boolean
  heardAt: number
}

const IDLE_MS = 30_000
const STEP_MS = 5
const WINDOW = 8
/** After that it is not going to end. */
const LIMIT_MS = 3_600_000

/** Runs the schedule against simulated sources, in steps of virtual time. No clock, no I/O. */
export function simulate(
  sizes: { readonly leaf: number; readonly count: number },
  behaviours: readonly Behaviour[],
  { random = () => 0.5, checkMs = 0 }: { readonly random?: () => number; readonly checkMs?: number } = {},
): Outcome {
  const { leaf, count } = sizes
  const leaves: Leaves = {
    count,
    offset: (i) => i * leaf,
    length: () => leaf,
    cid: () => {
      throw new Error('not part of this')
    },
    indexAt: (offset) => Math.floor(offset / leaf),
  }
  const schedule = createSchedule(leaves, { window: WINDOW, random })
  const peers = behaviours.map((behaviour, index) =>
    schedule.join({ name: `s${index}`, ranges: behaviour.ranges ?? 'native', rate: createRate() }),
  )
  schedule.want({ first: 0, last: count, inOrder: true })
  const streams = new Set<Stream>()
  const sent = behaviours.map(() => 0)
  const begun = behaviours.map(() => 0)
  const asked = new Uint16Array(count)
  const given = new Uint8Array(count)
  const checks: { readonly at: number; readonly done: () => void }[] = []
  let here = 0
  let requests = 0
  let now = 0

  const isDead = (who: number): boolean => (sent[who] as number) >= (behaviours[who]?.diesAfter ?? Infinity)

  function end(stream: Stream, how: Parameters<typeof schedule.ended>[1]): void {
    streams.delete(stream)
    schedule.ended(stream.run, how, now)
  }

  function advance(stream: Stream, bytes: number): void {
    const { run, who } = stream
    const behaviour = behaviours[who] as Behaviour
    const hangs = stream.hangs ? (behaviour.hangsAfter ?? Infinity) : Infinity
    const cuts = behaviour.cutsAfter ?? Infinity
    const most = Math.min(hangs, cuts, run.peer.ranges === 'none' ? Infinity : (stream.run.last - stream.from) * leaf)
    const more = Math.min(bytes, most - stream.sent)
    if (more > 0) {
      stream.sent += more
      stream.heardAt = now
      sent[who] = (sent[who] as number) + more
      schedule.heard(run, more, now)
      while (run.next < run.last && (run.next - stream.from + 1) * leaf <= stream.sent - stream.skip) {
        const index = run.next
        if (!schedule.received(run)) continue
        if (behaviour.liesEvery !== undefined && (index + given[index]! + who) % behaviour.liesEvery === 0) {
          given[index]!++
          checks.push({ at: now + checkMs, done: () => schedule.wrong(run, index) })
        } else {
          checks.push({
            at: now + checkMs,
            done: () => {
              schedule.have(index)
              here++
            },
          })
        }
      }
    }
    if (run.next >= run.last) end(stream, 'received')
    else if (stream.sent >= cuts) end(stream, { transient: true })
    else if (now - stream.heardAt > IDLE_MS) end(stream, { transient: true })
  }

  for (; now < LIMIT_MS; now += STEP_MS) {
    while (checks[0] !== undefined && checks[0].at <= now) checks.shift()?.done()
    for (let rounds = 0; ; rounds++) {
      if (rounds > 100) throw new Error('It begins and stops runs without end.')
      const { begin, stop } = schedule.dispatch(now, () => Infinity)
      for (const run of begin) {
        const who = peers.indexOf(run.peer)
        for (let i = run.first; i < run.last; i++) asked[i] = (asked[i] as number) + 1
        const hangs = (begun[who] as number)++ < (behaviours[who]?.hangs ?? Infinity)
        const skip = run.peer.ranges === 'none' ? run.first * leaf : 0
        const stream = { run, who, from: run.first, sent: 0, skip, hangs, heardAt: now }
        streams.add(stream)
        if (isDead(who)) end(stream, { transient: true })
      }
      for (const stream of streams) if (stop.includes(stream.run)) end(stream, 'stopped')
      if (begin.length === 0 && stop.length === 0) break
    }
    requests = Math.max(requests, streams.size)
    if (here === count || (schedule.alive === 0 && streams.size === 0 && checks.length === 0)) break
    for (const [who, behaviour] of behaviours.entries()) {
      const mine = [...streams].filter((stream) => stream.who === who)
      if (isDead(who)) {
        for (const stream of mine) end(stream, { transient: true })
        continue
      }
      const flowing = mine.filter((stream) => now - stream.run.startedAt >= behaviour.latency)
      for (const stream of mine)
        advance(stream, flowing.includes(stream) ? (behaviour.rate * STEP_MS) / 1000 / flowing.length : 0)
    }
  }
  return {
    took: now,
    complete: here === count,
    sent: sent.reduce((sum, each) => sum + each, 0),
    sentBy: sent,
    requests,
    mostAsked: Math.max(...asked),
  }
}
