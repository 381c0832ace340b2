import type { CID } from '@stowage/core/spi'
import type { Database } from './database.ts'
import { keptTarget } from './kept.ts'
import { cidOf, type BlobRow } from './records.ts'

export function aliasTarget(database: Database, alias: string): CID | undefined {
  const row = database.get<Pick<BlobRow, 'key' | 'version'>>(
    'SELECT key, version FROM aliases JOIN blobs ON blobs.id = aliases.blob WHERE alias = ?',
    alias,
  )
  const target = row ?? keptTarget(database, 'alias', alias)
  return target && cidOf(target)
}

export function setAlias(database: Database, alias: string, blob: number): void {
  database.run(
    'INSERT INTO aliases (alias, blob) VALUES (?, ?) ON CONFLICT (alias) DO UPDATE SET blob = excluded.blob',
    alias,
    blob,
  )
}
