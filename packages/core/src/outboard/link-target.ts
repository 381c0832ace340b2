import { CID_LENGTH, DAG_PB, IDENTITY, RAW, SHA2_256 } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { reader } from '../bytes/varint.ts'

/** What a link of a file's DAG points at. Places are in the bytes of the node that has the link. */
export type LinkTarget =
  | { readonly codec: 'raw' | 'dag-pb'; readonly version: 0 | 1; readonly digestAt: number }
  | { readonly codec: 'raw' | 'dag-pb'; readonly identity: Uint8Array; readonly identityAt: number }

const DIGEST_LENGTH = 32

/** Reads a binary CID. Another codec or hash than files are made of: `unsupported`; no CID: `integrity`. */
export function linkTarget(bytes: Uint8Array, at: number, length: number): LinkTarget {
  // Nearly every link: CIDv1, sha2-256.
  if (length === CID_LENGTH && bytes[at] === 1 && bytes[at + 2] === SHA2_256 && bytes[at + 3] === DIGEST_LENGTH) {
    const codec = bytes[at + 1]
    if (codec === RAW || codec === DAG_PB)
      return { codec: codec === RAW ? 'raw' : 'dag-pb', version: 1, digestAt: at + 4 }
  }
  const from = reader(bytes.subarray(at, at + length))
  const first = from.varint()
  if (first === SHA2_256) return { codec: 'dag-pb', version: 0, digestAt: at + digestStart(from) }
  if (first !== 1) throw new StorageError('integrity', `A link's CID has version ${first}.`)
  const codec = knownCodec(from.varint())
  const hash = from.varint()
  if (hash === SHA2_256) return { codec, version: 1, digestAt: at + digestStart(from) }
  if (hash !== IDENTITY)
    throw new StorageError('unsupported', `A link's CID has hash 0x${hash.toString(16)}, not sha2-256.`)
  const identity = from.take(from.varint())
  if (!from.done) throw new StorageError('integrity', "A link's CID has bytes behind its end.")
  return { codec, identity, identityAt: at + from.at - identity.length }
}

function digestStart(from: ReturnType<typeof reader>): number {
  const length = from.varint()
  const start = from.at
  from.take(length)
  if (length !== DIGEST_LENGTH || !from.done)
    throw new StorageError('integrity', `A link's CID has a digest of the wrong length (${length}).`)
  return start
}

function knownCodec(codec: number): 'raw' | 'dag-pb' {
  if (codec === RAW) return 'raw'
  if (codec === DAG_PB) return 'dag-pb'
  throw new StorageError('unsupported', `A link's CID has codec 0x${codec.toString(16)}: no part of a file.`)
}
