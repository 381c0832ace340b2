import type { CID } from 'multiformats/cid'
import { equalBytes } from '../../bytes/equal.ts'
import { verifyBlock } from '../../car/verify-block.ts'
import { DAG_PB } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'
import { MAX_BLOCK_SIZE } from '../bounds.ts'
import { decodeUnixFs, UNIXFS_DIRECTORY, UNIXFS_HAMT, type UnixFsMessage } from '../message.ts'
import { decodeDagNode, type DagLink } from './dag-node.ts'
import { FANOUT, HASH_TYPE, parseSlotPrefix, slotBitfield, withoutLeadingZeros } from './hamt.ts'

export type DirectoryNode =
  | { readonly kind: 'directory'; readonly links: readonly DagLink[] }
  | { readonly kind: 'hamt'; readonly slots: ReadonlyMap<number, SlotLink> }

/** What a slot of a shard links: the shard below it, or an entry by its name. */
export interface SlotLink {
  readonly name: string | undefined
  readonly cid: CID
  readonly dagSize: number
}

/** Verifies one node of a directory against the CID that links it, and takes it apart. */
export function openNode(cid: CID, block: Block | undefined): DirectoryNode {
  if (cid.code !== DAG_PB) throw new StorageError('unsupported', `${cid} is no UnixFS directory.`, { cid })
  if (block === undefined) throw new StorageError('integrity', `The node ${cid} of a directory is missing.`, { cid })
  const { bytes } = block
  if (bytes.length > MAX_BLOCK_SIZE)
    throw new StorageError(
      'unsupported',
      `The node ${cid} has ${bytes.length} bytes; ${MAX_BLOCK_SIZE} are the most.`,
      { cid },
    )
  verifyBlock({ cid, bytes })
  const { data, links } = decodeDagNode(bytes)
  if (data === undefined) throw new StorageError('unsupported', `${cid} is no UnixFS node.`, { cid })
  const message = decodeUnixFs(data)
  if (message.type === UNIXFS_DIRECTORY) return { kind: 'directory', links: distinct(cid, links) }
  if (message.type === UNIXFS_HAMT) return { kind: 'hamt', slots: openShard(cid, message, links) }
  throw new StorageError('unsupported', `${cid} is no UnixFS directory.`, { cid })
}

function distinct(cid: CID, links: readonly DagLink[]): readonly DagLink[] {
  if (new Set(links.map(({ name }) => name)).size === links.length) return links
  throw new StorageError('integrity', `A name occurs twice in the directory ${cid}.`, { cid })
}

function openShard(cid: CID, message: UnixFsMessage, links: readonly DagLink[]): ReadonlyMap<number, SlotLink> {
  if (message.fanout !== FANOUT || message.hashType !== HASH_TYPE) {
    throw new StorageError(
      'unsupported',
      `The shard ${cid} has fan-out ${message.fanout} and hash ${message.hashType}.`,
      { cid },
    )
  }
  const slots = new Map<number, SlotLink>()
  for (const { name, cid: target, dagSize } of links) {
    const slot = parseSlotPrefix(name)
    if (slot === undefined || slots.has(slot))
      throw new StorageError('integrity', `The shard ${cid} has a link in no slot or in a taken one.`, { cid })
    slots.set(slot, { name: name.length === 2 ? undefined : name.slice(2), cid: target, dagSize })
  }
  const stated = withoutLeadingZeros(message.data ?? new Uint8Array(0))
  if (!equalBytes(stated, slotBitfield(slots.keys()))) {
    throw new StorageError('integrity', `The shard ${cid} has links in other slots than it states.`, { cid })
  }
  return slots
}
