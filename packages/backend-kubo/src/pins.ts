import { DAG_PB, dagPbCid, formatCid, isStorable, StorageError, type CID } from '@stowage/core/spi'
import { strangeAnswer } from './errors.ts'
import type { Settings } from './options.ts'
import type { Rpc } from './rpc.ts'

/**
 * The name of the pin that a put makes: without one Kubo would drop the blob at its next collection. A recursive pin with
 * any other name, or none, is somebody's wish, and counts as pinned.
 */
export const STORED = 'stowage'

/** Milliseconds without progress after which a pin is given up: a block is missing, and Kubo would look for it for ever. */
const STALL = 5_000

export interface Pin {
  readonly cid: CID
  readonly name: string
}

/** Both ways to write a CID of a node. Kubo keeps pins by CID, and blocks by hash: a pin of one way says nothing about the other. */
export function formsOf(cid: CID): readonly CID[] {
  if (cid.code !== DAG_PB || !isStorable(cid)) return [cid]
  return [cid, dagPbCid(cid.multihash.digest, cid.version === 0 ? 1 : 0)]
}

/** The recursive pins of exactly this, in either form. Of a cluster, which does not tell names: with the name `''`. */
export async function pinsOf(rpc: Rpc, cid: CID, { timeout }: Settings, signal: AbortSignal): Promise<readonly Pin[]> {
  const found = await Promise.all(
    formsOf(cid).map(async (form) => {
      const reply = await pinListing(rpc, form, { type: 'recursive', names: true }, timeout, signal)
      return reply === undefined ? [] : [{ cid: form, name: reply.Name ?? '' }]
    }),
  )
  return found.flat()
}

/** True when a pin of something else holds this. Kubo walks over everything that is pinned to tell. */
export async function isHeld(rpc: Rpc, cid: CID, { storeTimeout }: Settings, signal: AbortSignal): Promise<boolean> {
  for (const form of formsOf(cid)) {
    const reply = await pinListing(rpc, form, { type: 'indirect' }, storeTimeout, signal)
    // A cluster's proxy knows no other kind than `recursive`, and gives that.
    if (reply?.Type?.startsWith('indirect') === true) return true
  }
  return false
}

interface Listing {
  readonly Type?: string
  readonly Name?: string
}

async function pinListing(
  rpc: Rpc,
  cid: CID,
  options: Readonly<Record<string, string | boolean>>,
  patience: number,
  signal: AbortSignal,
): Promise<Listing | undefined> {
  const arg = formatCid(cid)
  try {
    const { Keys } = await rpc.one({ name: 'pin/ls', options: { ...options, arg }, patience, signal })
    return (Keys as Readonly<Record<string, Listing>> | undefined)?.[arg]
  } catch (error) {
    if (StorageError.is(error, 'not-found')) return undefined
    throw error
  }
}

/**
 * Pins all below `cid` under that name, or gives its pin that name. False when Kubo found nothing more for a while, and
 * not everything is there. Of a cluster: the pin is noted, and followed up later.
 */
export async function addPin(rpc: Rpc, { cid, name }: Pin, settings: Settings, signal: AbortSignal): Promise<boolean> {
  const { storeTimeout, search = 0 } = settings
  const arg = formatCid(cid)
  const options = { arg, name, recursive: true, progress: true }
  let progress = -1
  let since = performance.now()
  for await (const reply of rpc.each({ name: 'pin/add', options, patience: storeTimeout, signal })) {
    if (Array.isArray(reply.Pins)) {
      if (reply.Pins.includes(arg)) return true
      throw strangeAnswer(rpc.shown, `pinned ${reply.Pins.join(', ')} instead of ${arg}.`)
    }
    const now = performance.now()
    if (reply.Progress !== progress) since = now
    else if (now - since > Math.max(STALL, search)) return false
    progress = Number(reply.Progress)
  }
  throw strangeAnswer(rpc.shown, `did not say that ${arg} is pinned.`)
}

/** False when it was not pinned any more. */
export async function removePin(rpc: Rpc, cid: CID, { storeTimeout }: Settings, signal: AbortSignal): Promise<boolean> {
  try {
    await rpc.one({ name: 'pin/rm', options: { arg: formatCid(cid) }, patience: storeTimeout, signal })
    return true
  } catch (error) {
    if (StorageError.is(error, 'not-found')) return false
    throw error
  }
}
