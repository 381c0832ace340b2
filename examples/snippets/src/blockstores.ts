import { createStorage, type NearStore, type StorageWrapper } from 'stowage'
import type { Blockstore } from 'interface-blockstore'
// #region tier
import { FsBlockstore } from 'blockstore-fs'
import { blockstore } from '@stowage/backend-blockstore'

export async function withFolderOfBlocks(folder: string): Promise<StorageWrapper> {
  const blocks = new FsBlockstore(folder)
  await blocks.open()
  return createStorage({ tiers: [blockstore({ blockstore: blocks })] })
}
// #endregion

// #region near
import { asBlockstore } from '@stowage/backend-blockstore'

export async function nearAsBlockstore(near: NearStore, folder: string): Promise<Blockstore> {
  const other = new FsBlockstore(folder)
  await other.open()
  return asBlockstore(near, { other })
}
// #endregion
