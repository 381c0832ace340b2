import { CID } from 'multiformats/cid'
import { Digest } from 'multiformats/hashes/digest'

/** Multicodec numbers of the codecs and hashes that occur in blobs. */
export const RAW: number = 0x55
export const DAG_PB: number = 0x70
export const SHA2_256: number = 0x12
export const IDENTITY: number = 0x00

const DIGEST_LENGTH = 32
/** Bytes of a CIDv1 of a sha2-256 digest: version, codec, hash code, digest length, digest. */
export const CID_LENGTH: number = 4 + DIGEST_LENGTH

/** The CIDv1 of a raw block with that SHA-256. The digest is copied. */
export function rawCid(digest: Uint8Array): CID {
  return cidV1(RAW, digest)
}

/** The CID of a dag-pb block with that SHA-256. The digest is copied. */
export function dagPbCid(digest: Uint8Array, version: 0 | 1): CID {
  const cid = cidV1(DAG_PB, digest)
  return version === 1 ? cid : CID.createV0(cid.multihash as Digest<0x12, number>)
}

function cidV1(codec: number, digest: Uint8Array): CID {
  const bytes = cidBytes()
  bytes[0] = 1
  bytes[1] = codec
  bytes[2] = SHA2_256
  bytes[3] = DIGEST_LENGTH
  bytes.set(digest, 4)
  return cidOfBytes(bytes)
}

/** The CID whose binary form is `bytes`: a CIDv1 with a one-byte codec and a sha2-256 digest, already checked. `bytes` are kept. */
export function cidOfBytes(bytes: Uint8Array<ArrayBuffer>): CID {
  const { buffer, byteOffset } = bytes
  const digest = new Uint8Array(buffer, byteOffset + 4, DIGEST_LENGTH)
  const multihash = new Digest(
    SHA2_256,
    DIGEST_LENGTH,
    digest,
    new Uint8Array(buffer, byteOffset + 2, 2 + DIGEST_LENGTH),
  )
  return new CID(1, bytes[1] as number, multihash, bytes)
}

const SLAB = 64 * CID_LENGTH
let slab = new ArrayBuffer(SLAB)
let used = 0

/** Room for the binary form of one CID. Many share a buffer: one of its own for each costs more than all the rest of a CID. */
export function cidBytes(): Uint8Array<ArrayBuffer> {
  if (used === SLAB) {
    slab = new ArrayBuffer(SLAB)
    used = 0
  }
  const bytes = new Uint8Array(slab, used, CID_LENGTH)
  used += CID_LENGTH
  return bytes
}
