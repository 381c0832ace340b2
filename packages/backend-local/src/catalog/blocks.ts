import type { Database } from './database.ts'
import type { BlobRow } from './records.ts'

/** Which blob has which blocks: of those of several leaves, and of directories. A blob of one leaf is its only block. */

const PAGE = 64
/** Rows removed by one statement. */
const FEW = 256

/** A row of `blocks`, with the blob that it is part of. */
export type BlockRow = BlobRow & { readonly place: number }

/** Blobs and directories of which not all blocks are known, by id. */
export function unindexed(database: Database, after: number): BlobRow[] {
  return database.all<BlobRow>(
    `SELECT * FROM blobs WHERE indexed = 0 AND (directory = 1 OR outboard > 0) AND id > ? ORDER BY id LIMIT ${PAGE}`,
    after,
  )
}

/** What may have a block with that digest. Few digests share a print, and only a look at the blob says which it is. */
export function blocksLike(database: Database, digest: Uint8Array): BlockRow[] {
  return database.all<BlockRow>(
    `SELECT blobs.*, blocks.place FROM blocks JOIN block_sets ON block_sets.id = blocks.block_set
     JOIN blobs ON blobs.id = block_sets.blob WHERE blocks.print = ?`,
    printOf(digest),
  )
}

/** The set of a blob's blocks, made if need be. */
export function blockSetOf(database: Database, blob: number): number {
  const known = database.get<{ id: number }>('SELECT id FROM block_sets WHERE blob = ?', blob)
  return known?.id ?? database.insert('INSERT INTO block_sets (blob) VALUES (?)', blob)
}

export function addBlock(database: Database, set: number, place: number, digest: Uint8Array): void {
  database.run('INSERT OR IGNORE INTO blocks (block_set, place, print) VALUES (?, ?, ?)', set, place, printOf(digest))
}

export function markIndexed(database: Database, blob: number): void {
  database.run('UPDATE blobs SET indexed = 1 WHERE id = ?', blob)
}

/** A set whose blob is gone. */
export function orphanedSet(database: Database): number | undefined {
  return database.get<{ id: number }>('SELECT id FROM block_sets WHERE blob IS NULL LIMIT 1')?.id
}

/** Removes a few rows of a set, and the set when none is left. True: it is gone. */
export function shrinkSet(database: Database, set: number): boolean {
  const removed = database.run(
    `DELETE FROM blocks WHERE block_set = ?1 AND place IN (SELECT place FROM blocks WHERE block_set = ?1 LIMIT ${FEW})`,
    set,
  )
  if (removed === FEW) return false
  database.run('DELETE FROM block_sets WHERE id = ?', set)
  return true
}

/** The first 48 bits: as much as a number holds exactly, in whole bytes. */
function printOf(digest: Uint8Array): number {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length).readUIntBE(0, 6)
}
