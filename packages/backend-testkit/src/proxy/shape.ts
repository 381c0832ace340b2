import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import type { Bucket } from './bucket.ts'
import { isOf, ofKind, type Fault, type Side } from './fault.ts'

type Bytes = AsyncIterable<Buffer>

/** Where a stream stops though it has more, and what happens there. */
interface Stop {
  readonly after: number
  readonly how: 'reset' | 'end' | 'hang'
}

/** How a stream went: to its end, or to where a fault stopped it. */
export type Outcome = 'whole' | Stop['how']

export interface Flow {
  readonly from: Bytes
  readonly to: Writable
  readonly side: Side
  readonly faults: readonly Fault[]
  /** What everybody shares. */
  readonly buckets: readonly Bucket[]
  readonly signal: AbortSignal
}

/** Moves bytes with the faults of their side; the end is left to the caller. Rejects when the signal is aborted. */
export async function flow({ from, to, side, faults, buckets, signal }: Flow): Promise<Outcome> {
  const stop = stopOf(faults, side)
  const wrong = ofKind(faults, 'corrupt').filter((fault) => isOf(fault, side))
  let passed = 0
  for await (const chunk of from) {
    for (const piece of slices(chunk, Math.min(...buckets.map(({ slice }) => slice)))) {
      const room = stop === undefined ? piece.length : Math.min(piece.length, stop.after - passed)
      const part = wrong.length > 0 ? Buffer.from(piece.subarray(0, room)) : piece.subarray(0, room)
      for (const { at } of wrong) {
        if (at >= passed && at < passed + part.length) part[at - passed] = (part[at - passed] as number) ^ 1
      }
      for (const bucket of buckets) await bucket.take(part.length, signal)
      await write(to, part, signal)
      passed += room
      if (stop !== undefined && room < piece.length) return stop.how
    }
  }
  return 'whole'
}

/** Reads what comes; leaving early leaves the rest where it is, as a network does that is stuck. */
export function readingOf(stream: Readable): Bytes {
  return stream.iterator({ destroyOnReturn: false })
}

function* slices(chunk: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < chunk.length; start += size) yield chunk.subarray(start, start + size)
}

/** The first of the places where a side is stopped. A hang from the start is none: it never gets here. */
function stopOf(faults: readonly Fault[], side: Side): Stop | undefined {
  const cuts = ofKind(faults, 'cut').filter((fault) => isOf(fault, side))
  const hangs = ofKind(faults, 'hang').flatMap(({ after, of }) =>
    after !== undefined && isOf({ of }, side) ? [{ after, how: 'hang' as const }] : [],
  )
  return [...cuts, ...hangs].toSorted((a, b) => a.after - b.after)[0]
}

async function write(to: Writable, bytes: Buffer, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (bytes.length > 0 && !to.write(bytes)) await once(to, 'drain', { signal })
}

/** The bytes one further on; the last one is made up. */
export async function* shifted(from: Bytes): AsyncGenerator<Buffer> {
  let first = true
  for await (const chunk of from) {
    if (chunk.length === 0) continue
    yield first ? chunk.subarray(1) : chunk
    first = false
  }
  if (!first) yield Buffer.alloc(1)
}
