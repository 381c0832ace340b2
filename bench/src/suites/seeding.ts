import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { asBlockstore } from '@stowage/backend-blockstore'
import { local } from '@stowage/backend-local'
import { describe, readAbout } from '../far/blob-about.ts'
import { type Bench, type Suite } from '../suite.ts'

const BLOB = 'the blob'

/** Serves every block of a stored blob once; the figure is what the store takes more after that than before. */
async function seeded({ size, file, folder, store, measure }: Bench): Promise<number> {
  const near = local({ dir: folder })
  const { outboard } = await readAbout(store(BLOB))
  await near.ingestFile?.(file)
  const before = await taken(folder)
  const blocks = asBlockstore(near)
  await measure(async () => {
    for (const { cid } of outboard.nodes) for await (const _ of blocks.get(cid));
    for (let leaf = 0; leaf < outboard.leaves.count; leaf++)
      for await (const _ of blocks.get(outboard.leaves.cid(leaf)));
  })
  const after = await taken(folder)
  await near.close()
  return ((after - before) / size) * 100
}

/** Bytes on the disk. */
async function taken(folder: string): Promise<number> {
  await promisify(execFile)('sync', ['-f', folder])
  const { stdout } = await promisify(execFile)('du', ['-s', '--block-size=1', folder])
  return Number.parseInt(stdout, 10)
}

const OURS = 'stowage, served as blocks out of the plain file'

export const seeding: Suite = {
  title: 'Disk that serving a blob to IPFS takes besides the blob',
  figure: { unit: '% of the blob', better: 'less', of: () => NaN },
  rows: { [OURS]: seeded },
  ratios: [],
  limits: [{ row: OURS, of: 'figure', atMost: 0.1, goal: 'P17' }],
  stores: { [BLOB]: ({ file, folder }) => describe(file, folder) },
  size: 2 ** 30,
}
