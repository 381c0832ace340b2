import {
  blobBlocks,
  formatCid,
  StorageError,
  type BlobSource,
  type Block,
  type CID,
  type Directory,
} from '@stowage/core/spi'
import { sizeOfBlock } from './blocks.ts'
import { answerError, strangeAnswer } from './errors.ts'
import { blocksOfDirectory, countedCar } from './counted-car.ts'
import { multipart } from './multipart.ts'
import type { Settings } from './options.ts'
import { addPin, pinsOf, STORED } from './pins.ts'
import type { Reply, Rpc } from './rpc.ts'

/** Entries of a directory that are looked for side by side. */
const AT_ONCE = 16

export function putBlob(rpc: Rpc, blob: BlobSource, settings: Settings, signal: AbortSignal): Promise<void> {
  return store(rpc, blob.cid, blobBlocks(blob, { signal }), settings, signal)
}

/** Entries that are not there: `not-found`. Kubo would look for them among its peers, for ever. */
export async function putDirectory(
  rpc: Rpc,
  directory: Directory,
  settings: Settings,
  signal: AbortSignal,
): Promise<void> {
  const { cid, children } = directory
  for (let first = 0; first < children.length; first += AT_ONCE) {
    await Promise.all(
      children.slice(first, first + AT_ONCE).map(async (child) => {
        if ((await sizeOfBlock(rpc, child, settings, signal)) !== undefined) return
        throw new StorageError('not-found', `${child}, which the directory ${cid} holds, is not in ${rpc.shown}.`, {
          cid,
        })
      }),
    )
  }
  await store(rpc, cid, blocksOfDirectory(directory), settings, signal)
}

/**
 * Uploads blocks and pins their root. A daemon does both in one command, during which it collects nothing. In a cluster
 * that would be a pin of one node that the cluster knows nothing of: there the pin is a command of its own. An import
 * takes a pin's name away: the name that was there comes back.
 */
async function store(
  rpc: Rpc,
  cid: CID,
  blocks: AsyncIterable<Block>,
  settings: Settings,
  signal: AbortSignal,
): Promise<void> {
  const before = (await pinsOf(rpc, cid, settings, signal)).find((pin) => pin.cid.equals(cid))
  const cluster = rpc.isCluster
  await importCar(rpc, cid, blocks, { pin: !cluster }, settings, signal)
  if (cluster && before !== undefined) return
  const name = before?.name ?? STORED
  if (name !== '' && !(await addPin(rpc, { cid, name }, settings, signal)))
    throw new StorageError('unavailable', `${rpc.shown} let go of blocks of ${cid} before they were pinned.`, {
      transient: true,
      source: rpc.shown,
    })
}

async function importCar(
  rpc: Rpc,
  cid: CID,
  blocks: AsyncIterable<Block>,
  { pin }: { readonly pin: boolean },
  { storeTimeout }: Settings,
  signal: AbortSignal,
): Promise<void> {
  const car = countedCar(cid, blocks)
  const replies = rpc.each({
    name: 'dag/import',
    options: { 'pin-roots': pin, stats: true },
    body: multipart(car.bytes),
    patience: storeTimeout,
    signal,
  })
  let pinned = false
  let count: unknown
  for await (const reply of replies) {
    if (reply.Root !== undefined) pinned = isPinned(rpc, cid, reply.Root as Reply)
    if (reply.Stats !== undefined) count = (reply.Stats as Reply).BlockCount
  }
  if (pin && !pinned) throw strangeAnswer(rpc.shown, `did not say that ${cid} is pinned.`)
  if (count !== car.count)
    throw strangeAnswer(rpc.shown, `took ${String(count)} blocks of ${car.count} that ${cid} has.`)
}

function isPinned(rpc: Rpc, cid: CID, { Cid, PinErrorMsg }: Reply): true {
  const root = (Cid as Reply | undefined)?.['/']
  if (root !== formatCid(cid)) throw strangeAnswer(rpc.shown, `took ${String(root)} for the root instead of ${cid}.`)
  if (typeof PinErrorMsg === 'string' && PinErrorMsg !== '') throw answerError(rpc.shown, 500, PinErrorMsg)
  return true
}
