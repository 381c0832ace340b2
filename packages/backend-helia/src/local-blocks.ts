import type { Helia } from '@helia/interface'
import { MAX_BLOCK_SIZE, collectUpTo, raceAbort, type CID } from '@stowage/core/spi'

/**
 * A block that the node has already: put on it by its user, or shared with another blob of the near store. What it cannot read is fetched
 * like what it does not have.
 */
export async function readLocal(helia: Helia, cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return await raceAbort(read(helia, cid), signal)
  } catch {
    signal.throwIfAborted()
    return undefined
  }
}

async function read({ blockstore }: Helia, cid: CID): Promise<Uint8Array | undefined> {
  const bytes = await collectUpTo(MAX_BLOCK_SIZE, blockstore.get(cid, { offline: true }))
  return bytes.length > MAX_BLOCK_SIZE ? undefined : bytes
}
