import { StorageError, type Backend } from '@stowage/core/spi'
import type { ConformanceCase } from '../case.ts'
import { bytesOf, check, fails, same, sameBytes } from '../check.ts'
import { blobOf, blobsOf, bodyOf, LEAF, type Fixture } from '../fixtures.ts'
import { after, sourceOf, watch } from '../hostile.ts'
import { able, one } from './make.ts'

export async function isAbsent(backend: Backend, { cid }: Fixture): Promise<void> {
  check((await backend.stat(cid)) === undefined, 'has a stat')
  await fails(backend.read(cid), 'not-found')
  if (backend.outboard !== undefined) check((await backend.outboard(cid)) === undefined, 'has an outboard')
  if (backend.list === undefined) return
  for await (const listed of backend.list()) check(!listed.cid.equals(cid), 'is listed')
}

export async function isPresent(backend: Backend, blob: Fixture): Promise<void> {
  same((await backend.stat(blob.cid))?.size, blob.size, 'size')
  sameBytes(await bytesOf((await backend.read(blob.cid)).body), blob.bytes, 'bytes')
}

const SIZE = 2 * LEAF + 7

function unavailable(): never {
  throw new StorageError('unavailable', 'the source broke off')
}

export const puttingCases: readonly ConformanceCase[] = [
  one('put: twice is fine', ['put'], async ({ open }) => {
    const backend = able(await open(), 'put')
    const blob = await blobOf(LEAF + 1)
    await backend.put(blob)
    await backend.put(blob)
    await isPresent(backend, blob)
  }),
  one('put: nothing is readable before all of it is there', ['put'], async ({ open }) => {
    const backend = able(await open(), 'put')
    const blob = await blobOf(SIZE)
    let looked = 0
    const look = async () => {
      looked += 1
      await isAbsent(backend, blob)
    }
    await backend.put(sourceOf(blob, () => after(blob.bytes, LEAF + 1, look)))
    check(looked > 0, 'never read the source')
    await isPresent(backend, blob)
  }),
  one('put: a source that breaks off leaves nothing behind', ['put'], async ({ open }) => {
    const backend = able(await open(), 'put')
    const blob = await blobOf(SIZE)
    await fails(backend.put(sourceOf(blob, () => after(blob.bytes, LEAF + 1, unavailable))), 'unavailable')
    await isAbsent(backend, blob)
  }),
  one('put: a source that ends too early fails with integrity and leaves nothing behind', ['put'], async ({ open }) => {
    const backend = able(await open(), 'put')
    for (const size of [1, SIZE]) {
      const blob = await blobOf(size)
      await fails(backend.put(sourceOf(blob, () => bodyOf(blob.bytes.subarray(0, -1)))), 'integrity')
      await isAbsent(backend, blob)
    }
  }),
  one('put: a source that gives too much fails with integrity and is let go', ['put'], async ({ open }) => {
    const backend = able(await open(), 'put')
    for (const size of [0, 1, SIZE]) {
      const blob = await blobOf(size)
      const source = watch(bodyOf(new Uint8Array(Buffer.concat([blob.bytes, Buffer.alloc(LEAF)]))))
      await fails(backend.put(sourceOf(blob, () => source.body)), 'integrity')
      check(source.released(), 'did not let go of the source')
      await isAbsent(backend, blob)
    }
  }),
  one('put: wrong bytes fail with integrity and leave nothing behind', ['put', 'verifies'], async ({ open }) => {
    const backend = able(await open(), 'put')
    for (const at of [0, LEAF, SIZE - 1]) {
      const blob = await blobOf(SIZE)
      const wrong = blob.bytes.slice()
      wrong[at] = (wrong[at] ?? 0) ^ 1
      await fails(backend.put(sourceOf(blob, () => bodyOf(wrong))), 'integrity')
      await isAbsent(backend, blob)
    }
  }),
  one('put: works after a put that failed', ['put'], async ({ open }) => {
    const backend = able(await open(), 'put')
    const blob = await blobOf(SIZE)
    await fails(backend.put(sourceOf(blob, () => after(blob.bytes, LEAF + 1, unavailable))), 'unavailable')
    await backend.put(blob)
    await isPresent(backend, blob)
  }),
  one('put: a put that fails leaves what was there before', ['put'], async ({ open }) => {
    const backend = able(await open(), 'put')
    const blob = await blobOf(SIZE)
    await backend.put(blob)
    await backend.put(sourceOf(blob, () => after(blob.bytes, LEAF + 1, unavailable))).catch(() => {})
    await isPresent(backend, blob)
  }),
  one('put: 32 of the same blob at once', ['put'], async (context) => {
    const backend = able(await context.open(), 'put')
    const blob = await blobOf(LEAF + 1)
    await context.settled(Promise.all(Array.from({ length: 32 }, () => backend.put(blob))))
    await isPresent(backend, blob)
  }),
  one('put: 32 different blobs at once', ['put'], async (context) => {
    const backend = able(await context.open(), 'put')
    const blobs = await blobsOf(32, 70_000)
    await context.settled(Promise.all(blobs.map((blob) => backend.put(blob))))
    for (const blob of blobs) await isPresent(backend, blob)
  }),
  one('delete: takes the blob away and says that it was here', ['delete', 'filled'], async (context) => {
    const backend = able(await context.open(), 'delete')
    const blob = await blobOf(LEAF + 1)
    await context.fill(backend, blob)
    same(await backend.delete(blob.cid), true, 'delete')
    await isAbsent(backend, blob)
    same(await backend.delete(blob.cid), false, 'second delete')
  }),
  one('delete: of an absent blob is false', ['delete'], async ({ open }) => {
    const backend = able(await open(), 'delete')
    same(await backend.delete((await blobOf(11)).cid), false, 'delete')
  }),
  one('delete: leaves other blobs alone', ['delete', 'filled'], async (context) => {
    const backend = able(await context.open(), 'delete')
    const [gone, kept] = [await blobOf(100), await blobOf(101)]
    await context.fill(backend, gone)
    await context.fill(backend, kept)
    await backend.delete(gone.cid)
    await isPresent(backend, kept)
  }),
  one('delete: what was deleted can be put again', ['delete', 'filled'], async (context) => {
    const backend = able(await context.open(), 'delete')
    const blob = await blobOf(LEAF + 1)
    await context.fill(backend, blob)
    await backend.delete(blob.cid)
    await context.fill(backend, blob)
    await isPresent(backend, blob)
  }),
  one('delete: a body under way gives the right bytes or fails', ['delete', 'filled'], async (context) => {
    const backend = able(await context.open(), 'delete')
    const blob = await blobOf(3 * LEAF + 7)
    await context.fill(backend, blob)
    let given = 0
    let deleted = false
    try {
      for await (const chunk of (await backend.read(blob.cid)).body) {
        sameBytes(chunk, blob.bytes.subarray(given, given + chunk.length), `bytes from ${given}`)
        given += chunk.length
        if (!deleted) deleted = await backend.delete(blob.cid)
      }
      same(given, blob.size, 'bytes given')
    } catch (error) {
      if (!StorageError.is(error)) throw error
    }
    check(deleted, 'could not be deleted while it was read')
    await isAbsent(backend, blob)
  }),
]
