import { RAW, SHA2_256, cidKey, parseCid, rawCid, type BlobRecord, type CID } from '@stowage/core/spi'
import { cidOf, findByKey, insertBlob, type BlobRow } from './catalog/records.ts'
import type { Step } from './catalog/writer.ts'
import { bookGone, goneOfAll } from './pack/books.ts'
import type { Packed } from './pack/packs.ts'
import { SMALL, type TAKEN_OUT } from './pack/record.ts'
import type { Session } from './session.ts'

/** Small blobs of one raw leaf lie in packs. They have a row in the catalog only where there is something to say of them. */

/** What a blob is called in packs. `undefined`: it cannot lie in one. */
export function packedDigest(cid: CID): Uint8Array | undefined {
  return cid.code === RAW && cid.multihash.code === SHA2_256 && cid.multihash.size === 32
    ? cid.multihash.digest
    : undefined
}

/** Where it belongs in a pack: its digest. */
export function smallDigest(cid: CID, size: number): Uint8Array | undefined {
  return size <= SMALL ? packedDigest(cid) : undefined
}

/** Bytes of what is stored under a key, with or without a row; `undefined`: nothing is. */
export function sizeOfStored(
  { database, packs }: Pick<Session, 'database' | 'packs'>,
  key: string,
): number | undefined {
  const row = findByKey(database, key)
  if (row !== undefined) return row.size
  const digest = packedDigest(parseCid(key))
  return digest && packs.findNow(digest)?.size
}

export async function findPacked({ packs }: Session, cid: CID): Promise<Packed | undefined> {
  const digest = packedDigest(cid)
  return digest && packs.find(digest)
}

/** The verified bytes of a blob in a pack, if this process knows of it. */
export function readNow({ packs }: Session, cid: CID): Uint8Array<ArrayBuffer> | undefined {
  const digest = packedDigest(cid)
  return digest && packs.readNow(digest)
}

/** The same, also of what others put meanwhile. */
export async function readPacked({ packs }: Session, cid: CID): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const digest = packedDigest(cid)
  return digest && (packs.readNow(digest) ?? packs.read(digest))
}

/** The row of what is stored under a CID; a blob in a pack gets one now. Inside a change. */
export function requireRow(session: Session, cid: CID): BlobRow | undefined {
  const row = findByKey(session.database, cidKey(cid))
  if (row !== undefined) return row
  const digest = packedDigest(cid)
  const packed = digest && session.packs.findNow(digest)
  return packed && register(session, cid, packed)
}

/** Gives a blob in a pack its row. Inside a change. */
export function register({ database }: Session, cid: CID, { size, member, createdAt }: Packed): BlobRow | undefined {
  const standing = member ? 0 : 1
  insertBlob(database, cid, { directory: 0, size, outboard: 0, standing, trust: null, packed: 1, createdAt })
  return findByKey(database, cidKey(cid))
}

/** A blob that is new to a process is put without a look into the catalog, even if it is there as a member. Inside a change. */
export function isPutByItself({ packs }: Pick<Session, 'packs'>, row: BlobRow): boolean {
  const digest = packedDigest(cidOf(row))
  return digest !== undefined && packs.isPutByItself(digest)
}

/** Takes a blob out of its packs. Inside a change. False: it was in none. */
export function removePacked(
  { database, packs }: Pick<Session, 'database' | 'packs'>,
  step: Step,
  digest: Uint8Array,
  as?: typeof TAKEN_OUT,
): boolean {
  const removed = packs.remove(digest, as)
  for (const { pack, path, size, undo } of removed) {
    step.undo(undo)
    step.sync(path)
    bookGone(database, pack, { records: 1, bytes: size })
  }
  return removed.length > 0
}

/** How many blobs lie in packs, and their bytes. */
export function packedUsage({ database, packs }: Pick<Session, 'database' | 'packs'>): {
  readonly blobs: number
  readonly bytes: number
} {
  const { records, bytes } = packs.appended()
  const gone = goneOfAll(database)
  return { blobs: records - gone.records, bytes: bytes - gone.bytes }
}

/** What the catalog says of a blob of which it has nothing to say. */
export function recordOf({ digest, size, createdAt, usedAt }: Packed): BlobRecord {
  return {
    cid: rawCid(digest),
    size,
    kind: 'blob',
    names: [],
    aliases: [],
    copies: [],
    pinned: false,
    createdAt: new Date(createdAt),
    lastUsedAt: new Date(usedAt),
  }
}
