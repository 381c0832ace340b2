import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { needing, type Row, type Suite } from '../suite.ts'
import { blockstore } from '../values/blockstore.ts'
import { cacache } from '../values/cacache.ts'
import { lmdb } from '../values/lmdb.ts'
import { fill } from '../values/rows.ts'
import { sqlite } from '../values/sqlite.ts'
import { stowage } from '../values/stowage.ts'
import { unstorage } from '../values/unstorage.ts'
import type { ValueStoreKind } from '../values/value-store.ts'

const SIZE = 1024

/** Allocated bytes of everything below a folder, but for files of that name. */
async function diskUse(folder: string, except?: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.name === except) continue
    // Blocks of 512 bytes, whatever the file system's own are.
    bytes += (await lstat(join(entry.parentPath, entry.name))).blocks * 512
  }
  return bytes
}

function using(kind: ValueStoreKind, except?: string): Row {
  return needing(kind.needs ?? [], async ({ folder, count, measure }) => {
    const taken = Math.max(1, Math.floor(count * (kind.share ?? 1)))
    await measure(async () => fill(kind, folder, taken, SIZE), { count: taken })
    return (await diskUse(folder, except)) / (taken * SIZE)
  })
}

export const disk: Suite = {
  title: 'Disk taken by 1 KiB values beside their own bytes, after closing',
  figure: { unit: '× payload', better: 'less', of: () => NaN },
  rows: {
    'stowage, all': using(stowage()),
    'stowage, without the index': using(stowage(), 'index'),
    'node:sqlite': using(sqlite),
    lmdb: using(lmdb({ durable: false })),
    'blockstore-fs': using(blockstore('blockstore-fs')),
    'blockstore-level': using(blockstore('blockstore-level')),
    cacache: using(cacache({ by: 'key' })),
    'unstorage, fs-lite': using(unstorage),
  },
  ratios: [],
  limits: [{ row: 'stowage, without the index', of: 'figure', atMost: 1.05, goal: 'P10' }],
  count: 20_000,
  picture: { kind: 'bars' },
}
