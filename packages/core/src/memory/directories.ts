import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { CallOptions } from '../spi/backend.ts'
import type { CommitOptions, Directory } from '../spi/near-store.ts'
import { directoryLinks } from '../unixfs/directory/directory-links.ts'
import { commit, required } from './commit.ts'
import { entryOf } from './contents.ts'
import type { Session } from './session.ts'

export async function putDirectory(
  { contents, now, begin }: Session,
  directory: Directory,
  options: CommitOptions = {},
): Promise<{ readonly deduplicated: boolean }> {
  begin(options)
  const { cid } = directory
  const nodes = directory.nodes.map((node) => ({ cid: node.cid, bytes: new Uint8Array(node.bytes) }))
  const links = [...directoryLinks({ cid, nodes })]
  const size = links.reduce((sum, link) => sum + required(contents, link.cid, 'putDirectory').size, 0)
  const children = new Map(links.map((link) => [cidKey(link.cid), link.cid]))
  const told = new Set(directory.children.map(cidKey))
  if (size !== directory.size || told.size !== children.size || [...told].some((key) => !children.has(key))) {
    throw new StorageError('integrity', `size or children of ${cid} are not what its nodes say`, {
      operation: 'putDirectory',
      cid,
    })
  }
  const deduplicated = entryOf(contents, cid) !== undefined
  commit(contents, { kind: 'directory', cid, size, nodes, children: [...children.values()] }, options, now())
  return { deduplicated }
}

export async function directory(
  { contents, begin }: Session,
  cid: CID,
  options?: CallOptions,
): Promise<Directory | undefined> {
  begin(options)
  const entry = entryOf(contents, cid)
  if (entry?.kind !== 'directory') return undefined
  const { size, nodes, children } = entry
  return {
    cid: entry.cid,
    size,
    nodes: nodes.map(({ cid, bytes }) => ({ cid, bytes: bytes.slice() })),
    children: [...children],
  }
}
