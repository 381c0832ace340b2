import type { CID } from 'multiformats/cid'
import { writeCar } from '../../car/write-car.ts'
import { cidKey } from '../../cid/key.ts'
import { RAW } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { alongLeaves } from '../../outboard/along-leaves.ts'
import { walk } from '../../outboard/geometry.ts'
import { inlineLeaf, leafBlock } from '../../outboard/leaf.ts'
import type { Outboard } from '../../outboard/outboard.ts'
import { parseOutboard } from '../../outboard/parse.ts'
import { meter, type Meter } from '../../progress/progress.ts'
import type { Block, NearStore } from '../../spi/near-store.ts'
import { splitLeaves } from '../../unixfs/ingest.ts'
import type { Context } from '../context.ts'
import type { Ref, WaitOptions } from '../types.ts'
import { bring } from './get.ts'

/**
 * A CARv1 of everything below a ref, each block once; a file's blocks stand depth first. Every leaf is verified on the
 * way. Remembers which blocks were written: about a hundred bytes of memory a block.
 */
export async function* exportCar(
  context: Context,
  ref: Ref,
  options: WaitOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { cid, size, progress } = await bring(context, ref, signal, meter(options.onProgress, { layer: 'cache' }))
  progress.set({ cid, total: size })
  yield* writeCar([cid], blocksBelow({ near: context.near, written: new Set(), progress, signal }, cid))
  progress.end()
}

interface Job {
  readonly near: NearStore
  readonly written: Set<string>
  readonly progress: Meter
  readonly signal: AbortSignal
}

async function* blocksBelow(job: Job, cid: CID): AsyncGenerator<Block> {
  const directory = await job.near.directory(cid, { signal: job.signal })
  if (directory === undefined) {
    yield* blocksOfBlob(job, cid)
    return
  }
  for (const node of directory.nodes) yield* once(job, node)
  for (const child of directory.children) {
    if (!job.written.has(cidKey(child))) yield* blocksBelow(job, child)
  }
}

async function* blocksOfBlob({ near, signal, ...job }: Job, cid: CID): AsyncGenerator<Block> {
  const stat = await near.stat(cid, { signal })
  const bytes = await near.outboard(cid, { signal })
  if (stat === undefined || bytes === undefined) throw new StorageError('not-found', `${cid} is not stored.`, { cid })
  const outboard = parseOutboard(bytes, cid, stat.size)
  const { body } = await near.read(cid, { signal, lend: true })
  const leaves = splitLeaves(body, alongLeaves(outboard.leaves, 0), { signal })
  try {
    for (const step of walk(outboard)) {
      if ('node' in step) {
        yield* once(job, step.node)
        continue
      }
      const next = await leaves.next()
      if (next.done === true) throw new StorageError('integrity', `${cid} ended early.`, { cid })
      job.progress.add(next.value.length)
      const block = blockOf(outboard, step.leaf, next.value)
      if (block !== undefined) yield* once(job, block)
    }
  } finally {
    await leaves.return(undefined)
  }
}

/** The leaf was verified as it was read, so a raw one is its own block. */
function blockOf(outboard: Outboard, leaf: number, bytes: Uint8Array): Block | undefined {
  const cid = outboard.leaves.cid(leaf)
  return cid.code === RAW && inlineLeaf(outboard, leaf) === undefined
    ? { cid, bytes }
    : leafBlock(outboard, leaf, bytes)
}

function* once({ written }: Pick<Job, 'written'>, block: Block): Generator<Block> {
  const key = cidKey(block.cid)
  if (written.has(key)) return
  written.add(key)
  yield block
}
