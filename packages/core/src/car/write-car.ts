import type { CID } from 'multiformats/cid'
import { joinBytes } from '../bytes/join.ts'
import type { Block } from '../spi/near-store.ts'
import { varintLength, writeVarint } from '../bytes/varint.ts'

const text = new TextEncoder()

/** The first frame of a CARv1: `{ roots, version: 1 }` as dag-cbor, with its length before it. */
export function carHeader(roots: readonly CID[]): Uint8Array {
  const body = joinBytes([
    cborHead(MAP, 2),
    cborText('roots'),
    cborHead(ARRAY, roots.length),
    ...roots.map(cborCid),
    cborText('version'),
    cborHead(UNSIGNED, 1),
  ])
  return joinBytes([varint(body.length), body])
}

/** A block as it stands in a CAR: the length of what follows, the CID, the bytes. */
export function carFrame(block: Block): Uint8Array {
  const cid = block.cid.bytes
  return joinBytes([varint(cid.length + block.bytes.length), cid, block.bytes])
}

/** A CARv1, one chunk a frame. Blocks are written as they come: not verified, repeated ones repeated. */
export async function* writeCar(
  roots: readonly CID[],
  blocks: AsyncIterable<Block> | Iterable<Block>,
): AsyncGenerator<Uint8Array> {
  yield carHeader(roots)
  for await (const block of blocks) yield carFrame(block)
}

const UNSIGNED = 0
const BYTES = 2
const TEXT = 3
const ARRAY = 4
const MAP = 5

/** A CBOR data item's head (RFC 8949, 3): the major type and a number in its shortest form. */
function cborHead(major: number, value: number): number[] {
  const type = major << 5
  if (value < 24) return [type | value]
  if (value < 0x100) return [type | 24, value]
  if (value < 0x10000) return [type | 25, value >>> 8, value & 0xff]
  return [type | 26, value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}

function cborText(value: string): Uint8Array {
  const bytes = text.encode(value)
  return joinBytes([cborHead(TEXT, bytes.length), bytes])
}

/** Tag 42 around the CID's bytes, which a zero byte precedes (dag-cbor specification, "Links"). */
function cborCid(cid: CID): Uint8Array {
  return joinBytes([[0xd8, 42], cborHead(BYTES, cid.bytes.length + 1), [0], cid.bytes])
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(value))
  writeVarint(bytes, 0, value)
  return bytes
}
