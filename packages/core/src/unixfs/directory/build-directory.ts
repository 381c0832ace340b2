import { CID } from 'multiformats/cid'
import { cidKey } from '../../cid/key.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Directory } from '../../spi/near-store.ts'
import { encodeUnixFs, UNIXFS_DIRECTORY } from '../message.ts'
import { varintLength } from '../../bytes/varint.ts'
import { buildShards } from './build-shards.ts'
import { assertEntryName } from './names.ts'
import { sealNode, type SealedLink } from './seal-node.ts'

export interface DirectoryEntry {
  readonly name: string
  readonly cid: CID
  /** Bytes of the file, or of all files below the directory. */
  readonly size: number
  /** Bytes of all blocks of its DAG, repeated ones counted each time. */
  readonly dagSize: number
}

export interface BuiltDirectory extends Directory {
  /** Bytes of all blocks of its DAG, its own nodes included: what a directory that holds this one links it with. */
  readonly dagSize: number
}

export interface BuildDirectoryOptions {
  /** Version of the directory's own CIDs. Default: 1. */
  readonly cidVersion?: 0 | 1 | undefined
}

/** A plain directory whose block has more bytes is sharded (IPIP-0499, `unixfs-v1-2025`). */
const MAX_PLAIN = 256 * 1024

/**
 * The UnixFS directory of these entries, whatever their order: the CID that Kubo and Helia compute under the profile
 * `unixfs-v1-2025`. Names are kept byte for byte, and sorted by them. Throws `invalid-argument` for names that
 * occur twice or are impossible (`''`, `.`, `..`, a slash or NUL in them, no Unicode), `unsupported` for names whose
 * hashes collide, `too-large` for nodes above 2 MiB and sizes above 2^53.
 */
export function buildDirectory(entries: Iterable<DirectoryEntry>, options: BuildDirectoryOptions = {}): BuiltDirectory {
  const { cidVersion = 1 } = options
  const children = new Map<string, CID>()
  const named: NamedLink[] = []
  let size = 0
  for (const entry of entries) {
    const link = linkTo(entry)
    named.push({ link, nameBytes: Buffer.from(entry.name) })
    children.set(cidKey(link.Hash), link.Hash)
    size += entry.size
  }
  if (!Number.isSafeInteger(size))
    throw new StorageError('too-large', `The files of a directory would have ${size} bytes.`)
  named.sort((a, b) => Buffer.compare(a.nameBytes, b.nameBytes))
  assertDistinct(named)
  const data = encodeUnixFs({ type: UNIXFS_DIRECTORY })
  const links = named.map(({ link }) => link)
  const tree =
    plainSize(data, named) > MAX_PLAIN ? buildShards(links, cidVersion) : sealNode(data, links, [], cidVersion)
  return { ...tree, size, children: [...children.values()] }
}

interface NamedLink {
  readonly link: SealedLink
  readonly nameBytes: Uint8Array
}

function linkTo(entry: DirectoryEntry): SealedLink {
  assertEntryName(entry.name)
  const cid = CID.asCID(entry.cid)
  if (cid === null) throw new StorageError('invalid-argument', `The entry ${JSON.stringify(entry.name)} has no CID.`)
  for (const bytes of [entry.size, entry.dagSize]) {
    if (!Number.isSafeInteger(bytes) || bytes < 0) {
      throw new StorageError(
        'invalid-argument',
        `The entry ${JSON.stringify(entry.name)} cannot have ${bytes} bytes.`,
        { cid },
      )
    }
  }
  return { Name: entry.name, Hash: cid, Tsize: entry.dagSize }
}

function assertDistinct(sorted: readonly NamedLink[]): void {
  const twice = sorted.find(({ link }, i) => link.Name === sorted[i + 1]?.link.Name)
  if (twice !== undefined)
    throw new StorageError('invalid-argument', `Two entries have the name ${JSON.stringify(twice.link.Name)}.`)
}

/** Bytes of the block of the plain directory, which need not be encoded for that. */
function plainSize(data: Uint8Array, links: readonly NamedLink[]): number {
  return links.reduce((sum, { link, nameBytes }) => {
    const body = fieldSize(link.Hash.bytes.length) + fieldSize(nameBytes.length) + 1 + varintLength(link.Tsize)
    return sum + fieldSize(body)
  }, fieldSize(data.length))
}

/** Bytes of a protobuf field with so many bytes in it. */
function fieldSize(length: number): number {
  return 1 + varintLength(length) + length
}
