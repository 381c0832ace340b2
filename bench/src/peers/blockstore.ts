import type { CID } from 'multiformats/cid'
import { peer } from '../peer.ts'

/** What is used of an interface-blockstore. */
export interface Blockstore {
  open(): Promise<unknown>
  close(): Promise<unknown>
  put(cid: CID, bytes: Uint8Array): Promise<unknown>
  get(cid: CID): AsyncIterable<Uint8Array>
}

type BlockstoreClass = new (dir: string) => Blockstore

export type BlockstoreName = 'blockstore-fs' | 'blockstore-level'

export async function openBlockstore(name: BlockstoreName, dir: string): Promise<Blockstore> {
  const { FsBlockstore, LevelBlockstore } = await peer<Readonly<Record<string, BlockstoreClass>>>(name)
  const Class = name === 'blockstore-fs' ? FsBlockstore : LevelBlockstore
  if (Class === undefined) throw new TypeError(`${name} does not export its class`)
  const blockstore = new Class(dir)
  await blockstore.open()
  return blockstore
}
