import { StorageError } from '../errors/storage-error.ts'
import type { BlobStat } from '../spi/backend.ts'
import type { Block } from '../spi/dag.ts'
import { decodeDagNode } from '../unixfs/directory/dag-node.ts'
import { nodeKind } from '../unixfs/directory/node-kind.ts'
import { decodeUnixFs } from '../unixfs/message.ts'

/**
 * What a verified root block says of its blob or directory: the size is what it claims, and nothing below it is looked
 * at. A block that is the root of neither: `unsupported`.
 */
export function rootStat(root: Block): BlobStat {
  const { cid, bytes } = root
  const kind = nodeKind(root)
  if (kind === 'raw') return { cid, size: bytes.length }
  if (kind === 'file') {
    const { data = new Uint8Array(0) } = decodeDagNode(bytes)
    const { filesize, blocksizes = [], data: own } = decodeUnixFs(data)
    return { cid, size: filesize ?? blocksizes.reduce((sum, size) => sum + size, own?.length ?? 0) }
  }
  if (kind === 'directory' || kind === 'hamt') {
    const { links } = decodeDagNode(bytes)
    return { cid, size: links.reduce((sum, { dagSize }) => sum + dagSize, 0), isDirectory: true }
  }
  throw new StorageError('unsupported', `${cid} is neither a file nor a directory of UnixFS.`, { cid })
}
