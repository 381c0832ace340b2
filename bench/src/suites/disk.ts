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

/** Allocated bytes of everything below a folder. */
async function diskUse(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    // Blocks of 512 bytes, whatever the file system's own are.
    bytes += (await lstat(join(entry.parentPath, entry.name))).blocks * 512
  }
  return bytes
}

function using(kind: ValueStoreKind): Row {
  return needing(kind.needs ?? [], async ({ folder, count, measure }) => {
    const taken = Math.max(1, Math.floor(count * (kind.share ?? 1)))
    await measure(async () => fill(kind, folder, taken, SIZE), { count: taken })
    return (await diskUse(folder)) / (taken * SIZE)
  })
}

export const disk: Suite = {
  title: 'Disk taken by 1 KiB values beside their own bytes; the index included, after closing',
  figure: { unit: '× payload', better: 'less', of: () => NaN },
  rows: {
    stowage: using(stowage()),
    'node:sqlite': using(sqlite),
    lmdb: using(lmdb({ durable: false })),
    'blockstore-fs': using(blockstore('blockstore-fs')),
    'blockstore-level': using(blockstore('blockstore-level')),
    cacache: using(cacache({ by: 'key' })),
    'unstorage, fs-lite': using(unstorage),
  },
  ratios: [],
  limits: [{ row: 'stowage', of: 'figure', atMost: 1.05, goal: 'P10' }],
  count: 20_000,
  picture: { kind: 'bars' },
}
