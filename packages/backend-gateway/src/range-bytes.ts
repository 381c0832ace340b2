import {
  coveringLeaves,
  StorageError,
  type BlockReader,
  type Body,
  type LeafRange,
  type Leaves,
  type Outboard,
} from '@stowage/core/spi'
import type { GatewayAddress } from './address.ts'
import { carLeaves } from './car.ts'
import type { Modes } from './modes.ts'
import { verifiedPlainBytes } from './plain.ts'
import type { Site } from './site.ts'

/** A gateway, and what is known of it. */
export interface Gateway {
  readonly address: GatewayAddress
  readonly site: Site
  readonly modes: Modes
  readonly blocks: BlockReader
}

interface Range {
  readonly offset: number
  readonly length: number
}

/** Bounds of one CAR: what it may make us hold, and list. */
const RUN = { bytes: 16 * 1024 * 1024, leaves: 4096 }

/** The bytes of a range, verified leaf by leaf, asked for in the way that works with this gateway. */
export async function* rangeBytes(
  gateway: Gateway,
  outboard: Outboard,
  range: Range,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { modes, site, address } = gateway
  const end = range.offset + range.length
  let at = range.offset
  try {
    if (!modes.plain()) {
      for await (const bytes of blockBytes(gateway, outboard, range, signal)) {
        at += bytes.length
        yield bytes
      }
      return
    }
  } catch (error) {
    if (!modes.refused(error)) throw error
  }
  yield* verifiedPlainBytes(site, address.content(outboard.cid), outboard, { offset: at, length: end - at }, signal)
}

async function* blockBytes(gateway: Gateway, outboard: Outboard, range: Range, signal: AbortSignal): Body {
  const { modes, blocks } = gateway
  const { cid, leaves } = outboard
  const end = range.offset + range.length
  const one = async (offset: number, to: number): Promise<Body> =>
    (await blocks.read(cid, { offset, length: to - offset, outboard, signal })).body
  const cover = coveringLeaves(leaves, range.offset, range.length)
  if (!modes.cars(outboard, cover)) {
    yield* await one(range.offset, end)
    return
  }
  let at = range.offset
  for (const run of runsOf(leaves, cover)) {
    const to = Math.min(end, leaves.offset(run.last))
    for await (const bytes of carBytes(gateway, outboard, run, { offset: at, length: to - at }, signal)) {
      at += bytes.length
      yield bytes
    }
    if (at === to) continue
    yield* await one(at, to)
    at = to
  }
}

/** What a CAR gives of a range within one run; it may end early. */
async function* carBytes(
  { modes, site, address }: Gateway,
  outboard: Outboard,
  run: LeafRange,
  { offset, length }: Range,
  signal: AbortSignal,
): Body {
  const { leaves } = outboard
  if (!modes.cars(outboard, run)) return
  let leaf = run.first
  try {
    for await (const bytes of carLeaves(site, address, outboard, run, signal)) {
      const start = leaves.offset(leaf++)
      yield bytes.subarray(Math.max(0, offset - start), Math.min(bytes.length, offset + length - start))
    }
    modes.gaveCar(leaf === run.last)
  } catch (error) {
    if (!isRefusal(error)) throw error
    modes.gaveCar(false)
  }
}

/** Failures after which blocks may still come one by one. */
function isRefusal(error: unknown): boolean {
  return StorageError.is(error, 'unsupported') || StorageError.is(error, 'unavailable')
}

function* runsOf(leaves: Leaves, { first, last }: LeafRange): Generator<LeafRange> {
  for (let start = first; start < last;) {
    const from = leaves.offset(start)
    let end = start + 1
    while (end < last && end - start < RUN.leaves && leaves.offset(end + 1) - from <= RUN.bytes) end++
    yield { first: start, last: end }
    start = end
  }
}
