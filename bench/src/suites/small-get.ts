import { rate, type Ratio, type Row, type Store, type Suite } from '../suite.ts'
import { blockstore } from '../values/blockstore.ts'
import { cacache } from '../values/cacache.ts'
import { keyvSqlite } from '../values/keyv.ts'
import { lmdb } from '../values/lmdb.ts'
import { filling, getting } from '../values/rows.ts'
import { sqlite } from '../values/sqlite.ts'
import { nearStore, stowage } from '../values/stowage.ts'
import { unstorage } from '../values/unstorage.ts'
import type { ValueStoreKind } from '../values/value-store.ts'

interface Reader {
  readonly kind: ValueStoreKind
  /** Which store it reads. Default: the one that it fills itself. */
  readonly from?: string
}

const QUICK: Readonly<Record<string, Reader>> = {
  'stowage get': { kind: stowage() },
  'stowage, near store below it': { kind: nearStore, from: 'stowage get' },
  'node:sqlite': { kind: sqlite },
  lmdb: { kind: lmdb({ durable: false }) },
}

const ALL: typeof QUICK = {
  ...QUICK,
  'blockstore-fs': { kind: blockstore('blockstore-fs') },
  'blockstore-level': { kind: blockstore('blockstore-level') },
  'cacache, by key': { kind: cacache({ by: 'key' }) },
  'cacache, by digest': { kind: cacache({ by: 'digest' }), from: 'cacache, by key' },
  'unstorage, fs-lite': { kind: unstorage },
  'keyv over node:sqlite': { kind: keyvSqlite },
}

interface Reading {
  readonly readers: typeof QUICK
  readonly size: number
  readonly count: number
  readonly ratios: readonly Ratio[]
}

function reading({ readers, size, count, ratios }: Reading): Suite {
  const all = Object.entries(readers)
  return {
    title: `Get ${size / 1024} KiB values, SHA-256 checked, in no order`,
    figure: rate,
    rows: Object.fromEntries(
      all.map(([name, { kind, from }]): [string, Row] => [name, getting(kind, size, from ?? name)]),
    ),
    ratios,
    stores: Object.fromEntries(
      all.flatMap(([name, { kind, from }]): [string, Store][] =>
        from === undefined ? [[name, filling(kind, size)]] : [],
      ),
    ),
    count,
    picture: { kind: 'bars' },
  }
}

export const smallGet: Suite = reading({
  readers: ALL,
  size: 1024,
  count: 20_000,
  ratios: [
    { row: 'stowage get', over: 'cacache, by key', goal: { name: 'P8', atLeast: 15 } },
    { row: 'stowage get', over: 'node:sqlite', goal: { name: 'P8', atLeast: 2.5 } },
    { row: 'stowage get', over: 'lmdb', goal: { name: 'P8', atLeast: 1 } },
    { row: 'stowage, near store below it', over: 'lmdb' },
  ],
})

export const smallGet16k: Suite = reading({
  readers: QUICK,
  size: 16 * 1024,
  count: 5_000,
  ratios: [
    { row: 'stowage get', over: 'lmdb', goal: { name: 'P9', atLeast: 1 } },
    { row: 'stowage get', over: 'node:sqlite' },
    { row: 'stowage, near store below it', over: 'lmdb' },
  ],
})
