import { rate, type Suite } from '../suite.ts'
import { blockstore } from '../values/blockstore.ts'
import { cacache } from '../values/cacache.ts'
import { keyvSqlite } from '../values/keyv.ts'
import { lmdb } from '../values/lmdb.ts'
import { putting } from '../values/rows.ts'
import { sqlite } from '../values/sqlite.ts'
import { nearStore, stowage } from '../values/stowage.ts'
import { unstorage } from '../values/unstorage.ts'

const SIZE = 1024

export const smallPut: Suite = {
  title: 'Put 1 KiB values, 64 in flight; Stowage, SQLite with FULL and lmdb flushed are durable',
  figure: rate,
  rows: {
    'stowage put': putting(stowage(), SIZE),
    'stowage, near store below it': putting(nearStore, SIZE),
    'node:sqlite FULL, 64 a transaction': putting(sqlite, SIZE),
    'lmdb, deferred sync': putting(lmdb({ durable: false }), SIZE),
    'lmdb, flushed': putting(lmdb({ durable: true }), SIZE),
    'blockstore-fs': putting(blockstore('blockstore-fs'), SIZE),
    'blockstore-level': putting(blockstore('blockstore-level'), SIZE),
    cacache: putting(cacache({ by: 'key' }), SIZE),
    'unstorage, fs-lite': putting(unstorage, SIZE),
    'keyv over node:sqlite': putting(keyvSqlite, SIZE),
  },
  ratios: [
    { row: 'stowage put', over: 'cacache', goal: { name: 'P7', atLeast: 50 } },
    { row: 'stowage put', over: 'blockstore-fs', goal: { name: 'P7', atLeast: 10 } },
    { row: 'stowage put', over: 'node:sqlite FULL, 64 a transaction', goal: { name: 'P7', atLeast: 2 } },
    { row: 'stowage put', over: 'lmdb, flushed' },
    { row: 'stowage, near store below it', over: 'node:sqlite FULL, 64 a transaction' },
  ],
  count: 20_000,
  picture: { kind: 'bars' },
}
