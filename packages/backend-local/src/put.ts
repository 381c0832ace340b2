import {
  MAX_LEAF_SIZE,
  StorageError,
  alongLeaves,
  bufferRing,
  hashPool,
  leafDigest,
  leafFrames,
  parseOutboard,
  splitLeaves,
  type BlobSource,
  type CID,
  type Outboard,
} from '@stowage/core/spi'
import { tagged } from './errors.ts'
import { outboardFile } from './ingest.ts'
import { checkLeaf } from './leaves.ts'
import { smallDigest } from './packed.ts'
import { peek } from './peek.ts'
import { publishPacked } from './publish-packed.ts'
import { publish } from './publish.ts'
import type { Session } from './session.ts'
import { withStaging, type Staging } from './staging.ts'
import { createWindow } from './window.ts'

/** A blob whose id is known: every leaf is checked on its way in all the same. */
export async function put(session: Session, blob: BlobSource, signal: AbortSignal): Promise<void> {
  const { cid, size } = blob
  const given = blob.outboard.slice()
  const outboard = parseOutboard(given, cid, size)
  const digest = smallDigest(cid, size)
  if (digest !== undefined) return putSmall(session, { cid, digest, outboard }, blob, signal)
  await withStaging(session, async (staging) => {
    await takeIn(staging, blob, outboard, signal)
    await publish(
      session,
      { cid, size, path: staging.path, directory: false, outboard: outboardFile({ cid, outboard: given }) },
      {},
      signal,
    )
  })
}

async function putSmall(
  session: Session,
  { cid, digest, outboard }: { cid: CID; digest: Uint8Array; outboard: Outboard },
  blob: BlobSource,
  signal: AbortSignal,
): Promise<void> {
  const { bytes, body } = await peek(tagged(blob.open({ signal })), blob.size, signal)
  await body?.return?.()
  if (bytes === undefined || !(await checkLeaf(outboard, 0, bytes)))
    throw new StorageError('integrity', `What the source of ${cid} gave does not match its hash.`, { cid })
  await publishPacked(session, { cid, digest, bytes }, {}, signal)
}

async function takeIn(staging: Staging, blob: BlobSource, outboard: Outboard, signal: AbortSignal): Promise<void> {
  const { leaves, cid } = outboard
  const flying = 2 * hashPool().size
  const window = createWindow<void>(flying, () => {})
  const buffers = bufferRing(flying + 1, MAX_LEAF_SIZE)
  let leaf = 0
  try {
    for await (const bytes of splitLeaves(tagged(blob.open({ signal })), alongLeaves(leaves, 0), { signal, buffers })) {
      const index = leaf++
      await window.push(check(index, bytes).finally(() => buffers.give(bytes)))
    }
    await window.finish()
    if (leaf < leaves.count)
      throw new StorageError('integrity', `The source of ${cid} gave fewer bytes than the blob has.`, { cid })
    await staging.done()
  } finally {
    await window.settle()
  }

  async function check(index: number, bytes: Uint8Array): Promise<void> {
    const [frame] = leafFrames(outboard, index)
    const digest = await staging.append(bytes, frame)
    if (Buffer.compare(digest, leafDigest(outboard, index)) === 0 && bytes.length === leaves.length(index)) return
    if (await checkLeaf(outboard, index, bytes)) return
    throw new StorageError('integrity', `Leaf ${index} of ${cid} does not match its hash.`, { cid })
  }
}
