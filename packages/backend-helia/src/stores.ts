import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { NearStore } from '@stowage/core/spi'
import type { Blockstore } from 'interface-blockstore'
import type { Datastore } from 'interface-datastore'

/** Where a node keeps what it keeps. */
export interface Stores {
  readonly blockstore: Blockstore
  readonly datastore: Datastore
  close(): Promise<void>
}

/**
 * `<dir>/helia/blocks` has blocks of no blob, `<dir>/helia/data` the node's key: of one process at a time, for two nodes with one key would be taken for each
 * other. Whoever comes second, or has no folder, has a key in memory.
 */
export async function openStores(near: NearStore | undefined, dir: string | undefined): Promise<Stores> {
  const [{ asBlockstore }, { FsBlockstore }, { MemoryBlockstore }, { FsDatastore }, { MemoryDatastore }] =
    await Promise.all([
      import('@stowage/backend-blockstore'),
      import('blockstore-fs'),
      import('blockstore-core'),
      import('datastore-fs'),
      import('datastore-core'),
    ])
  const served = (other: Blockstore): Blockstore => (near === undefined ? other : asBlockstore(near, { other }))
  if (dir === undefined)
    return { blockstore: served(new MemoryBlockstore()), datastore: new MemoryDatastore(), close: async () => {} }
  const folder = join(dir, 'helia')
  mkdirSync(folder, { recursive: true })
  const release = claim(join(folder, 'lock'))
  try {
    const blocks = new FsBlockstore(join(folder, 'blocks'))
    await blocks.open()
    if (release === undefined)
      return { blockstore: served(blocks), datastore: new MemoryDatastore(), close: async () => blocks.close() }
    const datastore = new FsDatastore(join(folder, 'data'))
    await datastore.open()
    return {
      blockstore: served(blocks),
      datastore,
      close: async () => {
        await blocks.close()
        await datastore.close()
        release()
      },
    }
  } catch (error) {
    release?.()
    throw error
  }
}

/** A lock that dies with its process. `undefined`: another one has it. */
function claim(path: string): (() => void) | undefined {
  const database = new DatabaseSync(path)
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return () => database.close()
  } catch (error) {
    database.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === 5) return undefined
    throw error
  }
}
