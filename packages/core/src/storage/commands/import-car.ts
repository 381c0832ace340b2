import type { CID } from 'multiformats/cid'
import { readCar } from '../../car/read-car.ts'
import { cidKey } from '../../cid/key.ts'
import { openContent, type Content } from '../../content/content.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { bytesOfLeaf, inlineLeaf } from '../../outboard/leaf.ts'
import type { Outboard } from '../../outboard/outboard.ts'
import { parseOutboard } from '../../outboard/parse.ts'
import { meter } from '../../progress/progress.ts'
import type { CommitOptions, Lease, NearStore } from '../../spi/near-store.ts'
import { commitOptions } from '../commit-options.ts'
import { planImport, type Step } from '../import/plan.ts'
import { staging, type Staging } from '../import/staging.ts'
import type { Context } from '../context.ts'
import { storeLeased } from '../leased.ts'
import type { PutOptions } from '../types.ts'

export interface ImportOptions extends Pick<PutOptions, 'signal' | 'onProgress' | 'pin' | 'to'> {
  /** Whether far tiers get copies of the roots, and what is below. Default: `background`. */
  readonly replicate?: 'background' | 'none' | undefined
  /** For a CAR of one root. */
  readonly name?: string | undefined
}

/**
 * Takes in a CAR, of any block order: every block is verified, and everything below the roots must be there, before
 * anything becomes visible. Damaged or not whole: `integrity`. `too-large`: by repeating leaves it describes so much more
 * than it has that this would take half of the room that there is. Answers with the roots.
 */
export async function importCar(
  context: Context,
  source: Content,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<CID[]> {
  const commit = commitOptions(context, options, signal)
  const { body, size } = openContent(source)
  const progress = meter(options.onProgress, { name: options.name, total: size, layer: 'cache' })
  const scratch = await context.near.scratch()
  try {
    const staged = staging(scratch)
    const { roots, blocks } = await readCar(body, { signal })
    try {
      assertRoots(roots, options)
      for await (const block of blocks) {
        await staged.add(block)
        progress.add(block.bytes.length)
      }
    } finally {
      await blocks.return(undefined)
    }
    const steps = await planImport(staged, roots, await context.near.room?.(), signal)
    await storeAll(context.near, staged, steps, new Set(roots.map(cidKey)), commit)
    context.outbox.wake(commit.copies)
    progress.end()
    return [...roots]
  } finally {
    await scratch.close()
  }
}

function assertRoots(roots: readonly CID[], { name }: ImportOptions): void {
  if (roots.length === 0) throw new StorageError('unsupported', 'The CAR names no root.')
  if (roots.length > 1 && name !== undefined) {
    throw new StorageError('invalid-argument', `One name cannot be given to the ${roots.length} roots of this CAR.`)
  }
}

async function storeAll(
  near: NearStore,
  staged: Staging,
  steps: readonly Step[],
  roots: ReadonlySet<string>,
  commit: CommitOptions,
): Promise<void> {
  const leases: Lease[] = []
  try {
    for (const step of steps) {
      const cid = step.kind === 'blob' ? step.cid : step.directory.cid
      const options = roots.has(cidKey(cid)) ? commit : { member: true, signal: commit.signal }
      await storeLeased(near, leases, async () => {
        if (step.kind === 'blob') await storeBlob(near, staged, step, options)
        else await near.putDirectory(step.directory, options)
        return { cid }
      })
    }
  } finally {
    await Promise.all(leases.map((lease) => lease.release()))
  }
}

async function storeBlob(
  near: NearStore,
  staged: Staging,
  blob: Extract<Step, { kind: 'blob' }>,
  options: CommitOptions,
): Promise<void> {
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  const partial = await near.partial(blob, { signal: options.signal })
  try {
    for (const leaf of partial.missing()) {
      await partial.write(leaf, await stagedLeaf(staged, outboard, leaf), { signal: options.signal })
    }
    await partial.publish(options)
  } catch (error) {
    await partial.discard()
    throw error
  }
}

async function stagedLeaf(staged: Staging, outboard: Outboard, leaf: number): Promise<Uint8Array> {
  const inline = inlineLeaf(outboard, leaf)
  if (inline !== undefined) return inline
  const block = await staged.get(outboard.leaves.cid(leaf))
  const bytes = bytesOfLeaf(block)
  if (bytes === undefined)
    throw new StorageError('integrity', `${block.cid} stands where a leaf is expected.`, { cid: block.cid })
  return bytes
}
