import { StorageError, type BlockReader, type CID, type NearStore } from '@stowage/core/spi'

/** Fetches a blob into the near store, if it is not there. False: nobody has it. */
export async function bringIn(near: NearStore, far: BlockReader, cid: CID, signal: AbortSignal): Promise<boolean> {
  if ((await near.catalog.get(cid)) !== undefined) return true
  const stat = await far.stat(cid, { signal })
  if (stat === undefined) return false
  if (stat.isDirectory === true)
    throw new StorageError('unsupported', `${cid} is a directory: get it with the storage, and pin it there.`, { cid })
  const outboard = await far.outboard(cid, { signal })
  if (outboard === undefined) return false
  const open = async function* (range = {}): AsyncGenerator<Uint8Array> {
    yield* (await far.read(cid, { ...range, signal })).body
  }
  await near.put({ ...stat, outboard, open }, { signal })
  return true
}
