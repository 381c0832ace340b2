import { coveringNodes, readCar, StorageError, wait, type LeafRange, type Outboard } from '@stowage/core/spi'
import type { GatewayAddress } from './address.ts'
import { isPage, pageInstead } from './blocks.ts'
import { wrongBytes } from './errors.ts'
import type { Site } from './site.ts'
import { wantedLeaves } from './wanted-leaves.ts'

const TYPE = { accept: 'application/vnd.ipld.car; version=1; order=dfs; dups=y' }
/** Frames, headers, and a node or two more than we thought. */
const SLACK = 1024 * 1024
/** Milliseconds. */
const END_TIME = 100

/**
 * The bytes of a run of leaves, in order, out of one CAR (Trustless Gateway specification, `entity-bytes`). Every block
 * that is given out was verified; those that nobody asked for are passed over, and order and repeats are taken as they come.
 * Ends early, without an error, where the CAR does: a 200 promises nothing. Wrong bytes: `integrity`.
 */
export async function* carLeaves(
  site: Site,
  address: GatewayAddress,
  outboard: Outboard,
  run: LeafRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const wanted = wantedLeaves(outboard, run)
  let next = run.first
  function* ready(): Generator<Uint8Array> {
    for (let bytes = wanted.take(next); next < run.last && bytes !== undefined; bytes = wanted.take(next)) {
      next += 1
      yield bytes
    }
  }
  yield* ready()
  if (next === run.last) return

  const answer = await site.ask({ url: carUrl(address, outboard, run), headers: TYPE, signal })
  if (answer === undefined) return
  if (isPage(answer)) {
    await answer.drop()
    throw pageInstead(answer)
  }
  const most = SLACK + 2 * (wanted.bytes + nodeBytes(outboard, run))
  try {
    const car = await ifWhole(readCar(atMost(answer.body, most), { signal }))
    if (car === undefined) return
    while (next < run.last) {
      const block = await ifWhole(car.blocks.next())
      if (block === undefined || block.done === true) return
      wanted.offer(block.value.cid, block.value.bytes)
      // Who has the last leaf reads on no more.
      if (wanted.complete) await endOf(car.blocks, signal)
      yield* ready()
    }
  } finally {
    answer.end()
  }
}

/** Waits a moment for the end of what has nothing more to give: then its connection can be used again. */
async function endOf(blocks: AsyncGenerator<unknown>, signal: AbortSignal): Promise<void> {
  const enough = new AbortController()
  const ended = blocks.next().catch(() => {})
  await Promise.race([ended, wait(END_TIME, AbortSignal.any([signal, enough.signal])).catch(() => {})])
  enough.abort()
}

function carUrl(address: GatewayAddress, { cid, leaves }: Outboard, { first, last }: LeafRange): URL {
  return address.content(cid, {
    format: 'car',
    'dag-scope': 'entity',
    'entity-bytes': `${leaves.offset(first)}:${leaves.offset(last) - 1}`,
    'car-version': '1',
    'car-order': 'dfs',
    'car-dups': 'y',
  })
}

function nodeBytes(outboard: Outboard, { first, last }: LeafRange): number {
  const { leaves } = outboard
  const from = leaves.offset(first)
  return coveringNodes(outboard, from, leaves.offset(last) - from).reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** `undefined` where the CAR is cut off or no CAR at all: then the rest of it is asked for in another way. */
async function ifWhole<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (StorageError.is(error, 'integrity') || StorageError.is(error, 'unavailable')) return undefined
    throw error
  }
}

async function* atMost(body: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let given = 0
  for await (const chunk of body) {
    given += chunk.length
    if (given > most) throw wrongBytes(`A CAR has more than ${most} bytes, twice as many as it can need.`)
    yield chunk
  }
}
