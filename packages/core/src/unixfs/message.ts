import { StorageError } from '../errors/storage-error.ts'
import { reader, varintLength, writeVarint } from '../bytes/varint.ts'

/** UnixFS types, as https://specs.ipfs.tech/unixfs/ numbers them. */
export const UNIXFS_RAW = 0 as const
export const UNIXFS_DIRECTORY = 1 as const
export const UNIXFS_FILE = 2 as const
export const UNIXFS_METADATA = 3 as const
export const UNIXFS_SYMLINK = 4 as const
export const UNIXFS_HAMT = 5 as const
export type UnixFsType = 0 | 1 | 2 | 3 | 4 | 5

/** What the data field of a UnixFS node says. Mode and mtime are read over. */
export interface UnixFsMessage {
  readonly type: UnixFsType
  readonly data?: Uint8Array | undefined
  /** Bytes of the file below this node. */
  readonly filesize?: number | undefined
  /** Bytes of the file below each link. */
  readonly blocksizes?: readonly number[] | undefined
  /** Of HAMT shards: multihash code of the name hash, and links a shard at most. */
  readonly hashType?: number | undefined
  readonly fanout?: number | undefined
}

const TYPE = 0x08
const DATA = 0x12
const FILESIZE = 0x18
const BLOCKSIZES = 0x20
const HASH_TYPE = 0x28
const FANOUT = 0x30

/** The message as protobuf, fields in ascending order, what is undefined left out. */
export function encodeUnixFs(message: UnixFsMessage): Uint8Array<ArrayBuffer> {
  const { type, data, filesize, blocksizes = [], hashType, fanout } = message
  const numbers: [number, number | undefined][] = [
    [FILESIZE, filesize],
    ...blocksizes.map((size): [number, number] => [BLOCKSIZES, size]),
    [HASH_TYPE, hashType],
    [FANOUT, fanout],
  ]
  const dataLength = data === undefined ? 0 : 1 + varintLength(data.length) + data.length
  const length = numbers.reduce(
    (sum, [, value]) => sum + (value === undefined ? 0 : 1 + varintLength(value)),
    2 + dataLength,
  )
  const bytes = new Uint8Array(length)
  bytes[0] = TYPE
  bytes[1] = type
  let at = 2
  if (data !== undefined) {
    bytes[at] = DATA
    at = writeVarint(bytes, at + 1, data.length)
    bytes.set(data, at)
    at += data.length
  }
  for (const [tag, value] of numbers) {
    if (value === undefined) continue
    bytes[at] = tag
    at = writeVarint(bytes, at + 1, value)
  }
  return bytes
}

/** Reads a message; `data` is a view of `bytes`. No UnixFS message: `integrity`. */
export function decodeUnixFs(bytes: Uint8Array): UnixFsMessage {
  const from = reader(bytes)
  const message: { -readonly [K in keyof UnixFsMessage]?: UnixFsMessage[K] } = {}
  const blocksizes: number[] = []
  while (!from.done) {
    const tag = from.varint()
    if (tag === TYPE) message.type = knownType(from.varint())
    else if (tag === DATA) message.data = from.take(from.varint())
    else if (tag === FILESIZE) message.filesize = from.varint()
    else if (tag === BLOCKSIZES) blocksizes.push(from.varint())
    else if (tag === HASH_TYPE) message.hashType = from.varint()
    else if (tag === FANOUT) message.fanout = from.varint()
    else skip(from, tag)
  }
  const { type } = message
  if (type === undefined) throw new StorageError('integrity', 'A UnixFS message has no type.')
  return { ...message, type, blocksizes }
}

function knownType(value: number): UnixFsType {
  if (value > UNIXFS_HAMT) throw new StorageError('integrity', `${value} is no UnixFS type.`)
  return value as UnixFsType
}

/** Reads over a field that no reader of file content needs (mode, mtime, fields to come). */
function skip(from: ReturnType<typeof reader>, tag: number): void {
  const wire = tag % 8
  if (tag < 0x38) throw new StorageError('integrity', `A UnixFS field has the wrong form (tag ${tag}).`)
  if (wire === 0) from.varint()
  else if (wire === 1) from.take(8)
  else if (wire === 2) from.take(from.varint())
  else if (wire === 5) from.take(4)
  else throw new StorageError('integrity', `A UnixFS field has the unknown form ${wire}.`)
}
