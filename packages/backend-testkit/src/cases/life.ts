import { StorageError } from '@stowage/core/spi'
import type { ConformanceCase } from '../case.ts'
import { bytesOf, check, collect, fails, same, sameBytes } from '../check.ts'
import { blobOf, blobsOf, LEAF } from '../fixtures.ts'
import { after, sourceOf } from '../hostile.ts'
import { everyCall } from './aborting.ts'
import { able, one } from './make.ts'
import { isAbsent, isPresent } from './putting.ts'

const SIZE = 3 * LEAF + 7

export const lifeCases: readonly ConformanceCase[] = [
  one('traits: are ones that exist', [], async ({ open }) => {
    const { name, traits } = await open()
    check(name.length > 0, 'has no name')
    check(['native', 'skip', 'none'].includes(traits.ranges), `ranges: ${traits.ranges}`)
    check(['nothing', 'whole', 'leaves'].includes(traits.verifies), `verifies: ${traits.verifies}`)
    check(traits.maxBlobSize === undefined || traits.maxBlobSize > 0, `maxBlobSize: ${traits.maxBlobSize}`)
  }),
  one('methods need no this', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(11)
    await context.fill(backend, blob)
    const { stat, read, health } = backend
    same((await stat(blob.cid))?.size, 11, 'size')
    sameBytes(await bytesOf((await read(blob.cid)).body), blob.bytes, 'bytes')
    same((await health()).reachable, true, 'reachable')
  }),
  one('health: a working backend is reachable', [], async ({ open }) => {
    const { reachable, latency } = await (await open()).health()
    same(reachable, true, 'reachable')
    check(latency === undefined || latency >= 0, `latency: ${latency}`)
  }),
  one(
    'pin: says whether the blob is here, unpin whether it was pinned',
    ['pin', 'unpin', 'filled'],
    async (context) => {
      const backend = able(await context.open(), 'pin', 'unpin')
      const blob = await blobOf(11)
      const { cid } = await blobOf(12)
      await context.fill(backend, blob)
      same(await backend.unpin(blob.cid), false, 'unpin of what is not pinned')
      same(await backend.pin(blob.cid), true, 'pin')
      same(await backend.pin(blob.cid), true, 'second pin')
      same(await backend.unpin(blob.cid), true, 'unpin')
      same(await backend.unpin(blob.cid), false, 'second unpin')
      same(await backend.pin(cid), false, 'pin of an absent blob')
      same(await backend.unpin(cid), false, 'unpin of an absent blob')
    },
  ),
  one('providers: have an id, addresses and the name of the backend', ['providers', 'filled'], async (context) => {
    const backend = able(await context.open(), 'providers')
    const blob = await blobOf(11)
    await context.fill(backend, blob)
    for (const { id, addresses, backend: name } of await context.settled(collect(backend.providers(blob.cid)))) {
      check(id.length > 0, 'has no id')
      check(
        addresses.every((address) => address.length > 0),
        'has an empty address',
      )
      same(name, backend.name, 'backend')
    }
  }),
  one('close: twice is fine', [], async ({ open, settled }) => {
    const backend = await open()
    await settled(backend.close())
    await settled(backend.close())
  }),
  one('close: calls after it fail with closed', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(11)
    await context.fill(backend, blob)
    await backend.close()
    for (const [, call] of everyCall(backend, blob)) await context.settled(fails(call(), 'closed'))
  }),
  one('close: a body under way ends whole or fails with closed', ['filled'], async (context) => {
    const backend = await context.open()
    const blob = await blobOf(SIZE)
    await context.fill(backend, blob)
    const { body } = await backend.read(blob.cid)
    let closed: Promise<void> | undefined
    let given = 0
    const readOn = async () => {
      for await (const chunk of body) {
        sameBytes(chunk, blob.bytes.subarray(given, given + chunk.length), `bytes from ${given}`)
        given += chunk.length
        closed ??= backend.close()
      }
      same(given, blob.size, 'bytes given')
    }
    await context.settled(unlessClosed(readOn()))
    await context.settled(Promise.resolve(closed))
  }),
  one('close: a put under way ends stored or fails with closed', ['put', 'reopen'], async (context) => {
    const backend = able(await context.open(), 'put')
    const blob = await blobOf(SIZE)
    let closed: Promise<void> | undefined
    const put = backend.put(sourceOf(blob, () => after(blob.bytes, LEAF + 1, () => void (closed = backend.close()))))
    const stored = await context.settled(unlessClosed(put))
    await context.settled(Promise.resolve(closed))
    const again = await context.reopen(backend)
    await (stored ? isPresent(again, blob) : isAbsent(again, blob))
  }),
  one('reopen: blobs outlive a close', ['reopen', 'filled'], async (context) => {
    const backend = await context.open()
    const blobs = [...(await blobsOf(5, 100)), await blobOf(0), await blobOf(SIZE)]
    for (const blob of blobs) await context.fill(backend, blob)
    const again = await context.reopen(backend)
    for (const blob of blobs) await isPresent(again, blob)
  }),
]

/** True when it succeeded, false when it failed with `closed`. */
export async function unlessClosed(work: Promise<unknown>): Promise<boolean> {
  try {
    await work
    return true
  } catch (error) {
    if (StorageError.is(error, 'closed')) return false
    throw error
  }
}
