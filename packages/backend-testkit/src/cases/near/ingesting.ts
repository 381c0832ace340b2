import { StorageError, layouts, sha256, sha256Alias, type Body, type NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../../case.ts'
import { check, fails, rejectsWith, same, sameBytes, sameCid } from '../../check.ts'
import { blobOf, blobsOf, bodyOf, LEAF, sizes, smallLeaves } from '../../fixtures.ts'
import { after, hanging, watch } from '../../hostile.ts'
import { isAbsent, isPresent } from '../putting.ts'
import { listed, near } from './shared.ts'

const SIZE = 2 * LEAF + 7

function unavailable(): never {
  throw new StorageError('unavailable', 'the source broke off')
}

/** One buffer for all chunks, as readers of files and sockets like to use it. */
async function* reused(bytes: Uint8Array): Body {
  const buffer = Buffer.alloc(1000)
  for (let start = 0; start < bytes.length; start += buffer.length) {
    const chunk = bytes.subarray(start, start + buffer.length)
    buffer.set(chunk)
    yield buffer.subarray(0, chunk.length)
  }
}

export const ingestingCases: readonly ConformanceCase<NearStore>[] = [
  near('ingest: finds cid, size and outboard of blobs of every size', [], async ({ open }) => {
    const store = await open()
    for (const { size } of sizes) {
      const blob = await blobOf(size)
      const found = await store.ingest(bodyOf(blob.bytes))
      sameCid(found.cid, blob.cid, `cid of ${size} bytes`)
      same(found.size, size, 'size')
      sameBytes(found.outboard, blob.outboard, 'outboard')
      await isPresent(store, blob)
    }
  }),
  near('ingest: cuts and links as the layout says', [], async ({ open }) => {
    const store = await open()
    for (const layout of [layouts['kubo-legacy-cidv1'], layouts['unixfs-v0-2015'], smallLeaves]) {
      const blob = await blobOf(64 * 1025, { layout })
      const found = await store.ingest(bodyOf(blob.bytes), { layout })
      sameCid(found.cid, blob.cid, `cid by ${layout.name}`)
      sameBytes(found.outboard, blob.outboard, `outboard by ${layout.name}`)
      await isPresent(store, blob)
    }
  }),
  near('ingest: keeps no hold on the chunks it gets', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    sameCid((await store.ingest(reused(blob.bytes))).cid, blob.cid, 'cid')
    await isPresent(store, blob)
  }),
  near('ingest: stores the same bytes once, and says so', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    same((await store.ingest(bodyOf(blob.bytes))).deduplicated, false, 'first')
    same((await store.ingest(bodyOf(blob.bytes))).deduplicated, true, 'second')
    same((await store.usage()).bytes, blob.size, 'bytes')
    same((await listed(store)).length, 1, 'blobs')
  }),
  near('ingest: what is expected and comes is stored', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    await store.ingest(bodyOf(blob.bytes), { expect: { cid: blob.cid, sha256: sha256(blob.bytes) } })
    await isPresent(store, blob)
  }),
  near('ingest: another cid than expected fails with integrity and leaves nothing behind', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const other = await blobOf(12)
    await fails(
      store.ingest(bodyOf(blob.bytes), { expect: { cid: other.cid }, name: { name: 'it' }, pin: true }),
      'integrity',
    )
    await isAbsent(store, blob)
    same((await store.catalog.names.get('it'))?.toString(), undefined, 'name')
  }),
  near('ingest: another sha256 than expected fails with integrity and leaves nothing behind', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    await fails(store.ingest(bodyOf(blob.bytes), { expect: { sha256: sha256(new Uint8Array(1)) } }), 'integrity')
    await isAbsent(store, blob)
  }),
  near('ingest: with alias the blob is found by the sha256 of its bytes', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const digest = sha256(blob.bytes)
    const alias = sha256Alias(digest)
    const found = await store.ingest(bodyOf(blob.bytes), { alias: true })
    check(found.sha256 !== undefined, 'does not say the sha256')
    sameBytes(found.sha256, digest, 'sha256')
    sameCid(await store.catalog.aliases.get(alias), blob.cid, 'target of the alias')
    same((await store.catalog.get(blob.cid))?.aliases.join(), alias, 'aliases of the record')
  }),
  near('ingest: tells how many bytes it has', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const told: number[] = []
    await store.ingest(bodyOf(blob.bytes), { onBytes: (bytes) => told.push(bytes) })
    check(
      told.every((bytes, index) => bytes >= (told[index - 1] ?? 0)),
      'went back',
    )
    same(told.at(-1), SIZE, 'bytes in the end')
  }),
  near('ingest: a source that breaks off leaves nothing behind', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    await fails(store.ingest(after(blob.bytes, LEAF + 1, unavailable), { name: { name: 'it' } }), 'unavailable')
    same((await listed(store)).length, 0, 'blobs')
    same((await store.usage()).bytes, 0, 'bytes')
    same((await store.catalog.names.get('it'))?.toString(), undefined, 'name')
    await store.ingest(bodyOf(blob.bytes))
    await isPresent(store, blob)
  }),
  near('ingest: an abort stops it, leaves nothing behind and lets go of the source', [], async ({ open, settled }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const source = watch(after(blob.bytes, LEAF + 1, () => abort.abort(reason)))
    await settled(rejectsWith(store.ingest(source.body, { signal: abort.signal }), reason))
    check(source.released(), 'did not let go of the source')
    same((await listed(store)).length, 0, 'blobs')
  }),
  near('ingest: an abort stops it while its source hangs', [], async ({ open, settled }) => {
    const store = await open()
    const abort = new AbortController()
    const reason = new Error('changed my mind')
    const source = hanging(new Uint8Array(LEAF + 1))
    const rejected = rejectsWith(store.ingest(source.body, { signal: abort.signal }), reason)
    await settled(source.reached)
    abort.abort(reason)
    await settled(rejected)
    check(source.released(), 'did not let go of the source')
  }),
  near('ingest: an abort before it begins rejects with the reason', [], async ({ open, settled }) => {
    const store = await open()
    const blob = await blobOf(11)
    const reason = new Error('changed my mind')
    await settled(rejectsWith(store.ingest(bodyOf(blob.bytes), { signal: AbortSignal.abort(reason) }), reason))
    await isAbsent(store, blob)
  }),
  near('ingest: 32 times the same bytes at once are one blob', [], async ({ open, settled }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const found = await settled(Promise.all(Array.from({ length: 32 }, () => store.ingest(bodyOf(blob.bytes)))))
    same(found.filter(({ deduplicated }) => !deduplicated).length, 1, 'first ones')
    for (const { cid } of found) sameCid(cid, blob.cid, 'cid')
    same((await listed(store)).length, 1, 'blobs')
    await isPresent(store, blob)
  }),
  near('ingest: 32 different blobs at once', [], async ({ open, settled }) => {
    const store = await open()
    const blobs = await blobsOf(32, 70_000)
    await settled(Promise.all(blobs.map(({ bytes }) => store.ingest(bodyOf(bytes)))))
    for (const blob of blobs) await isPresent(store, blob)
  }),
]
