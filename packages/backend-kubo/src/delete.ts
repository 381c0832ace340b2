import { formatCid, StorageError, wait, type CID } from '@stowage/core/spi'
import { sizeOfBlock } from './blocks.ts'
import { answerError } from './errors.ts'
import type { Settings } from './options.ts'
import { isHeld, pinsOf, removePin } from './pins.ts'
import type { Rpc } from './rpc.ts'

/** A cluster takes its pin off the node behind it a little later: it is waited for so long. */
const WAITS = [50, 100, 200, 400, 800, 1_600, 3_200, 6_400]

/**
 * Takes the pins off, and removes the root block, without which nobody takes the rest for the blob. The other blocks are
 * left to Kubo's own collection, because other blobs may share them. What another pin holds stays whole: `conflict`.
 */
export async function remove(rpc: Rpc, cid: CID, settings: Settings, signal: AbortSignal): Promise<boolean> {
  const [pins, size] = await Promise.all([pinsOf(rpc, cid, settings, signal), sizeOfBlock(rpc, cid, settings, signal)])
  if (pins.length === 0 && size === undefined) return false
  // Kubo itself looks only for pins of the CID as it is written, and would remove a block that is pinned as its twin.
  if (await isHeld(rpc, cid, settings, signal)) throw held(rpc, cid)
  for (const pin of pins) await removePin(rpc, pin.cid, settings, signal)
  if (size === undefined) return true
  for (const pause of [...WAITS, undefined]) {
    const refusal = await removeBlock(rpc, pins[0]?.cid ?? cid, settings, signal)
    if (refusal === undefined) return true
    if (!refusal.startsWith('pinned: recursive') || pause === undefined) break
    await wait(pause, signal)
  }
  throw held(rpc, cid)
}

/** Why the block was not removed, where a pin is in the way. */
async function removeBlock(
  rpc: Rpc,
  cid: CID,
  { storeTimeout }: Settings,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { Error: trouble } = await rpc.one({
    name: 'block/rm',
    options: { arg: formatCid(cid) },
    patience: storeTimeout,
    signal,
  })
  if (typeof trouble !== 'string' || trouble === '') return undefined
  if (trouble.startsWith('pinned')) return trouble
  const error = answerError(rpc.shown, 500, trouble)
  // Somebody else removed it.
  if (error.code === 'not-found') return undefined
  throw error
}

function held(rpc: Rpc, cid: CID): StorageError {
  return new StorageError('conflict', `Another pin in ${rpc.shown} holds ${cid}.`, { cid, source: rpc.shown })
}
