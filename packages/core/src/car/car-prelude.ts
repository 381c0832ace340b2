import { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import type { ByteReader } from './byte-reader.ts'

const MAX_HEADER = 1024 * 1024
/** Characteristics (16 bytes), then offset and size of the data and offset of the index (CARv2 specification). */
const V2_HEADER = 40
const MAX_VARINT = 8

/**
 * Reads what stands before the blocks, leaves the reader at the first of them, and gives the roots. Of a
 * CARv2 only the CARv1 inside it is read, wherever it says that lies; index and padding are passed over.
 */
export async function readPrelude(reader: ByteReader): Promise<CID[]> {
  const header = await readHeader(reader)
  if (header.version === 1) return rootsOf(header)
  if (header.version !== 2 || header.roots !== undefined)
    throw damaged('The CAR header states no version that is known.')
  const fixed = await reader.exactly(V2_HEADER)
  const numbers = new DataView(fixed.buffer, fixed.byteOffset)
  const offset = safeNumber(numbers.getBigUint64(16, true))
  const size = safeNumber(numbers.getBigUint64(24, true))
  if (offset < reader.position) throw damaged(`The CARv2 header puts its data at byte ${offset}, inside itself.`)
  await reader.skip(offset - reader.position)
  reader.limit(size)
  const inner = await readHeader(reader)
  if (inner.version !== 1) throw damaged('The data of a CARv2 is no CARv1.')
  return rootsOf(inner)
}

/** The length of the next frame. More than 8 bytes, not the shortest form, or above `max`: `integrity`. */
export async function readLength(reader: ByteReader, max: number): Promise<number> {
  let value = 0
  for (let i = 0; i < MAX_VARINT; i++) {
    const byte = await reader.byte()
    value += (byte & 0x7f) * 2 ** (7 * i)
    if (byte >= 0x80) continue
    if (value === 0 || (byte === 0 && i > 0))
      throw damaged(`An impossible length stands before byte ${reader.position} of the CAR.`)
    if (value > max)
      throw damaged(`A frame of ${value} bytes at byte ${reader.position} of the CAR; ${max} are the most.`)
    return value
  }
  throw damaged(`A length before byte ${reader.position} of the CAR has more than ${MAX_VARINT} bytes.`)
}

async function readHeader(reader: ByteReader): Promise<Record<string, unknown>> {
  const bytes = await reader.exactly(await readLength(reader, MAX_HEADER))
  // Loaded here, so that importing this package stays quick.
  const { decode } = await import('@ipld/dag-cbor')
  let header: unknown
  try {
    header = decode(bytes)
  } catch (cause) {
    throw damaged('The CAR header is no dag-cbor.', cause)
  }
  if (typeof header !== 'object' || header === null) throw damaged('The CAR header is no map.')
  return { ...header }
}

function rootsOf(header: Record<string, unknown>): CID[] {
  if (!Array.isArray(header.roots)) throw damaged('The CAR header names no roots.')
  return header.roots.map((root: unknown) => {
    const cid = CID.asCID(root)
    if (cid === null) throw damaged('A root in the CAR header is no CID.')
    return cid
  })
}

function safeNumber(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`The CARv2 header states ${value} bytes.`)
  return Number(value)
}

function damaged(message: string, cause?: unknown): StorageError {
  return new StorageError('integrity', message, cause === undefined ? {} : { cause })
}
