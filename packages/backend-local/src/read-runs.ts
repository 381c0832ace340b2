import {
  StorageError,
  coveringLeaves,
  hashPool,
  leafFrames,
  leafMatches,
  leafRuns,
  type LeafRun,
  type Outboard,
} from '@stowage/core/spi'
import { readAt, statFdSync } from './files.ts'
import { mismatches } from './leaves.ts'
import type { VerifiedLeaves } from './verified.ts'

/** One read under way. */
export interface Reading {
  readonly outboard: Outboard
  readonly fd: number
  readonly range: { readonly offset: number; readonly length: number }
  readonly verified: VerifiedLeaves
  /** Give memory out only until the next chunk is asked for. */
  readonly lend: boolean
  /** The error for a leaf that is not what was stored. */
  rotten(leaf: number): Promise<Error>
}

/** What was read of a run: all of it that was asked for, or what stands before a leaf that is rotten. */
interface Found {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly rotten?: number | undefined
}

/** Bytes of a chunk, unless a leaf has more. */
const CHUNK = 1024 * 1024

/** A range, in chunks of whole leaves but at its ends. Workers read and hash ahead of the reader. */
export async function* chunksOf(reading: Reading): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { outboard, range, lend } = reading
  const most = 2 * hashPool().size
  const runs = leafRuns(outboard.leaves, coveringLeaves(outboard.leaves, range.offset, range.length), CHUNK)
  const free: ArrayBuffer[] = []
  const ahead: Promise<Found>[] = []

  function fill(): void {
    while (ahead.length < most) {
      const next = runs.next()
      if (next.done === true) return
      const chunk = readRun(reading, next.value, free.pop())
      chunk.catch(() => {})
      ahead.push(chunk)
    }
  }

  try {
    for (fill(); ahead.length > 0; fill()) {
      const { bytes, rotten } = await (ahead[0] as Promise<Found>)
      void ahead.shift()
      if (bytes.length > 0) yield bytes
      if (rotten !== undefined) throw await reading.rotten(rotten)
      // Whoever kept it holds nothing now, rather than bytes that change.
      if (lend && !bytes.buffer.detached) free.push(bytes.buffer.transfer())
    }
  } finally {
    // The file must not be closed under somebody who reads it.
    await Promise.allSettled(ahead)
  }
}

/** The bytes of a run that lie in the range. */
async function readRun(reading: Reading, run: LeafRun, into: ArrayBuffer | undefined): Promise<Found> {
  const { fd, outboard, verified, lend, range } = reading
  const from = Math.max(range.offset, run.offset)
  const to = Math.min(range.offset + range.length, run.offset + run.length)
  if (verified.has(run.first, run.last)) {
    const bytes = memory(into, to - from)
    if ((await readAt(fd, bytes, from)) === bytes.length && verified.holds(statFdSync(fd))) return { bytes }
  }
  const part = to - from < run.length && !lend
  const { bytes, rotten } = await readHashed(outboard, run, fd, part ? scratch.pop() : into)
  verified.add(run.first, rotten ?? run.last)
  const wanted = bytes.subarray(from - run.offset, to - run.offset)
  return { bytes: part ? copyOut(wanted) : wanted, rotten }
}

async function readHashed(outboard: Outboard, run: LeafRun, fd: number, into: ArrayBuffer | undefined): Promise<Found> {
  const { first, last, offset, length, leafSize } = run
  const [frame] = leafFrames(outboard, first)
  try {
    const { bytes, digests } = await hashPool().read({ fd, offset, length, leafSize, frame }, into)
    for (const leaf of mismatches(outboard, run, digests)) {
      const start = (leaf - first) * leafSize
      if (!leafMatches(outboard, leaf, bytes.subarray(start, start + leafSize)))
        return { bytes: bytes.subarray(0, start), rotten: leaf }
    }
    return { bytes }
  } catch (error) {
    if (!StorageError.is(error, 'conflict')) throw error
    // The file is shorter than the blob: what is left of it may still be good.
    const count = Math.min(Math.floor((Number(statFdSync(fd).size) - offset) / leafSize), last - first - 1)
    if (count <= 0) return { bytes: memory(undefined, 0), rotten: first }
    const end = first + count
    const left = await readHashed(outboard, { ...run, last: end, length: count * leafSize }, fd, undefined)
    return { rotten: end, ...left }
  }
}

/** Memory for leaves of which only a part is wanted: to touch fresh memory takes longer than to hash it. */
const scratch: ArrayBuffer[] = []
const SCRATCH = 4

function copyOut(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const part = bytes.slice()
  if (scratch.length < SCRATCH && bytes.buffer.byteLength <= 2 * CHUNK) scratch.push(bytes.buffer)
  return part
}

/** Not cleared: it is filled before anybody sees it. */
function memory(into: ArrayBuffer | undefined, length: number): Uint8Array<ArrayBuffer> {
  if (into !== undefined && into.byteLength >= length) return new Uint8Array(into, 0, length)
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer)
}
