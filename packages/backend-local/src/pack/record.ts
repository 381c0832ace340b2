import { crc32 } from 'node:zlib'

/*
 * A record of a pack: 48 bytes of header, then the blob's bytes. Numbers are little-endian.
 *
 *    0  4  CRC-32 of the bytes 4 to 46
 *    4  2  mark
 *    6  3  bytes of the blob; the highest bit: it came only as a member of a directory
 *    9  6  when it was put, milliseconds since 1970
 *   15 32  SHA-256 of the blob
 *   47  1  state: the one byte that ever changes
 */

export const HEADER_SIZE = 48
export const STATE_AT = 47
/** The blob is here. */
export const HERE = 0
/** It is not, and never will be by this record. */
export const GONE = 1
/** A compaction copied it: it is not here yet, because the original still is. */
export const COMING = 2
/** It has a file of its own instead. Who puts it again must ask the catalog. */
export const TAKEN_OUT = 3
export type State = typeof HERE | typeof GONE | typeof COMING | typeof TAKEN_OUT

const MARK = 0x6b70
const DIGEST_AT = 15
const MEMBER = 0x80_0000
/** Bytes that a blob in a pack has at most. */
export const SMALL: number = 64 * 1024

export interface RecordHeader {
  /** Bytes of the blob. */
  readonly size: number
  /** Milliseconds since 1970. */
  readonly createdAt: number
  readonly digest: Uint8Array
  /** What is no known state: gone. */
  readonly state: State
  /** It came only as a member of a directory. */
  readonly member: boolean
}

export interface NewRecord {
  readonly state: typeof HERE | typeof COMING | typeof TAKEN_OUT
  readonly digest: Uint8Array
  readonly bytes: Uint8Array
  readonly createdAt: number
  readonly member: boolean
}

/** Writes a whole record, and answers where it ends. */
export function writeRecord(
  target: Buffer,
  at: number,
  { digest, bytes, createdAt, member, state }: NewRecord,
): number {
  target.writeUInt16LE(MARK, at + 4)
  target.writeUIntLE(bytes.length + (member ? MEMBER : 0), at + 6, 3)
  target.writeUIntLE(createdAt, at + 9, 6)
  target.set(digest, at + DIGEST_AT)
  target[at + STATE_AT] = state
  target.writeUInt32LE(crc32(target.subarray(at + 4, at + STATE_AT)), at)
  target.set(bytes, at + HEADER_SIZE)
  return at + HEADER_SIZE + bytes.length
}

/** The header at a place, or `undefined` when there is no sound one. */
export function readHeader(source: Buffer, at: number): RecordHeader | undefined {
  if (source.length < at + HEADER_SIZE || source.readUInt16LE(at + 4) !== MARK) return undefined
  const size = sizeAt(source, at)
  if (size > SMALL || crc32(source.subarray(at + 4, at + STATE_AT)) !== source.readUInt32LE(at)) return undefined
  const digest = new Uint8Array(source.subarray(at + DIGEST_AT, at + DIGEST_AT + 32))
  return { size, createdAt: createdAt(source, at), digest, state: stateAt(source, at), member: isMember(source, at) }
}

/** Bytes of the blob, as the header says, sound or not. */
export function sizeAt(source: Buffer, at: number): number {
  return source.readUIntLE(at + 6, 3) & ~MEMBER
}

/** Milliseconds since 1970, as the header says. */
export function createdAt(source: Buffer, at: number): number {
  return source.readUIntLE(at + 9, 6)
}

export function isMember(source: Buffer, at: number): boolean {
  return (source.readUIntLE(at + 6, 3) & MEMBER) !== 0
}

export function stateAt(source: Buffer, at: number): State {
  const state = source[at + STATE_AT]
  return state === HERE || state === COMING || state === TAKEN_OUT ? state : GONE
}

/** True when the record is about the blob with this digest, whatever its bytes are. */
export function isAbout(source: Buffer, at: number, digest: Uint8Array): boolean {
  return source.compare(digest, 0, 32, at + DIGEST_AT, at + DIGEST_AT + 32) === 0
}

/** Where a mark stands next, from a place on; -1: nowhere. What follows a damaged record is found by it. */
export function nextMark(source: Buffer, from: number): number {
  const at = source.indexOf(MARK_BYTES, from + 4)
  return at === -1 ? -1 : at - 4
}

const MARK_BYTES = Buffer.from([MARK & 0xff, MARK >> 8])
