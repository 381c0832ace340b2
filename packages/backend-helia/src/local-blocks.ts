import type { Helia } from '@helia/interface'
import { MAX_BLOCK_SIZE, raceAbort, type CID } from '@stowage/core/spi'

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
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of blockstore.get(cid, { offline: true })) {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_BLOCK_SIZE) return undefined
  }
  return new Uint8Array(Buffer.concat(chunks))
}
