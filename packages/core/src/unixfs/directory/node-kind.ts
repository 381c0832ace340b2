import { DAG_PB, RAW } from '../../cid/make.ts'
import type { Block } from '../../spi/near-store.ts'
import { decodeUnixFs, type UnixFsType } from '../message.ts'
import { readNode } from '../node.ts'

/**
 * What a block is. `raw`: bytes by themselves, a file or part of one; `file`: a dag-pb node of a file, its root or below;
 * `hamt`: a shard of a directory, its root or below; `other`: none of what UnixFS knows, or malformed.
 */
export type NodeKind = 'raw' | 'file' | 'directory' | 'hamt' | 'symlink' | 'metadata' | 'other'

const KINDS: Record<UnixFsType, NodeKind> = {
  0: 'file',
  1: 'directory',
  2: 'file',
  3: 'metadata',
  4: 'symlink',
  5: 'hamt',
}

/** Looks at the block's codec and form: neither its hash nor what its links lead to is checked. */
export function nodeKind({ cid, bytes }: Block): NodeKind {
  if (cid.code === RAW) return 'raw'
  if (cid.code !== DAG_PB) return 'other'
  try {
    const { data } = readNode(bytes)
    return data === undefined ? 'other' : KINDS[decodeUnixFs(data).type]
  } catch {
    return 'other'
  }
}
