import { sha256, sha256Alias, type NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../../case.ts'
import { bytesOf, check, collect, fails, rejectsWith, same, sameBytes, sameCid } from '../../check.ts'
import { blobOf, blobsOf, bodyOf, LEAF } from '../../fixtures.ts'
import { after } from '../../hostile.ts'
import { unlessClosed } from '../life.ts'
import { isAbsent, isPresent } from '../putting.ts'
import { folder } from './directories.ts'
import { anotherMillisecond, listed, near, sameList } from './shared.ts'

const SIZE = 3 * LEAF + 7

async function threeByAge(store: NearStore) {
  const [oldest, middle, newest] = [await blobOf(1000), await blobOf(1001), await blobOf(1002)]
  for (const blob of [oldest, middle, newest]) {
    await store.put(blob)
    await anotherMillisecond()
  }
  return { oldest, middle, newest }
}

export const keepingCases: readonly ConformanceCase<NearStore>[] = [
  near('gc: without a budget removes nothing that was put', [], async ({ open }) => {
    const store = await open()
    const { oldest, middle, newest } = await threeByAge(store)
    const report = await store.gc()
    same(report.removed + report.freed, 0, 'removed')
    same(report.remaining, 3003, 'remaining')
    for (const blob of [oldest, middle, newest]) await isPresent(store, blob)
  }),
  near('gc: evicts what was used longest ago until the rest fits', [], async ({ open }) => {
    const store = await open()
    const { oldest, middle, newest } = await threeByAge(store)
    store.catalog.touch(oldest.cid)
    const report = await store.gc({ maxSize: 2002 })
    same(report.removed, 1, 'removed')
    same(report.freed, middle.size, 'freed')
    same(report.remaining, 2002, 'remaining')
    await isAbsent(store, middle)
    for (const blob of [oldest, newest]) await isPresent(store, blob)
    same((await store.gc({ maxSize: 0 })).remaining, 0, 'remaining without any room')
    same((await listed(store)).length, 0, 'blobs')
  }),
  near('gc: never evicts what is pinned or leased', [], async ({ open }) => {
    const store = await open()
    const { oldest, middle, newest } = await threeByAge(store)
    await store.catalog.pins.set(oldest.cid)
    const lease = await store.lease(middle.cid)
    const again = await store.lease(middle.cid)
    same((await store.gc({ maxSize: 0 })).remaining, oldest.size + middle.size, 'remaining')
    await isAbsent(store, newest)
    for (const blob of [oldest, middle]) await isPresent(store, blob)
    await again.release()
    await again.release()
    await store.gc({ maxSize: 0 })
    await isPresent(store, middle)
    await lease[Symbol.asyncDispose]()
    await store.gc({ maxSize: 0 })
    await isAbsent(store, middle)
    await isPresent(store, oldest)
  }),
  near('gc: evicts a directory whole or not at all', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [await blobOf(1000), await blobOf(1001)]
    for (const { bytes } of [one, two]) await store.ingest(bodyOf(bytes), { member: true })
    const [kept, evicted] = [folder({ one }), folder({ two })]
    await store.putDirectory(kept, { pin: true })
    await store.putDirectory(evicted)
    const lease = await store.lease(two.cid)
    await store.gc({ maxSize: 0 })
    for (const blob of [one, two]) await isPresent(store, blob)
    check((await store.directory(evicted.cid)) !== undefined, 'evicted a directory from around a leased blob')
    await lease.release()
    same((await store.gc({ maxSize: 1500 })).removed, 2, 'removed')
    check((await store.directory(evicted.cid)) === undefined, 'kept the directory')
    await isAbsent(store, two)
    await isPresent(store, one)
  }),
  near('gc: an aborted call rejects with the reason, and nothing goes', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    const reason = new Error('changed my mind')
    await rejectsWith(store.gc({ maxSize: 0, signal: AbortSignal.abort(reason) }), reason)
    await isPresent(store, blob)
  }),
  near('gc: a partial blob that is closed waits on', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const first = await store.partial(blob)
    await first.write(0, blob.bytes.slice(0, LEAF))
    await first.close()
    await store.gc()
    sameList((await store.partial(blob)).missing(), [1], 'missing')
  }),
  near('lease: of what is not here fails with not-found', [], async ({ open }) => {
    const store = await open()
    await fails(store.lease((await blobOf(11)).cid), 'not-found')
  }),
  near('lease: a member outlives the directories that hold it', [], async ({ open }) => {
    const store = await open()
    const [held, other] = [await blobOf(1000), await blobOf(1001)]
    for (const { bytes } of [held, other]) await store.ingest(bodyOf(bytes), { member: true })
    const first = folder({ held, other })
    await store.putDirectory(first)
    const lease = await store.lease(held.cid)
    check(await store.delete(first.cid), 'was not there')
    await isPresent(store, held)
    await isAbsent(store, other)
    const second = folder({ held })
    await store.putDirectory(second)
    await lease.release()
    check(await store.delete(second.cid), 'was not there')
    await isAbsent(store, held)
  }),
  near('lease: names its blob', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    const lease = await store.lease(blob.cid)
    sameCid(lease.cid, blob.cid, 'cid')
    await lease.release()
  }),
  near('usage: counts blobs, directories and bytes', [], async ({ open }) => {
    const store = await open()
    same(JSON.stringify(Object.values(await store.usage())), '[0,0,0,0]', 'at first')
    for (const blob of await blobsOf(3, 100)) await store.put(blob)
    await store.putDirectory(folder({}))
    const { blobs, directories, bytes, partialBytes } = await store.usage()
    sameList([blobs, directories, bytes, partialBytes], [3, 1, 300, 0], 'afterwards')
  }),
  near('verify: finds nothing wrong with what is good', [], async ({ open }) => {
    const store = await open()
    const blobs = [await blobOf(0), await blobOf(11), await blobOf(SIZE)]
    for (const blob of blobs) await store.put(blob)
    const directory = folder({ blob: blobs[1] ?? (await blobOf(11)) })
    await store.putDirectory(directory)
    for (const { cid } of [...blobs, directory]) sameList(await store.verify(cid), [], 'problems')
  }),
  near('verify: an aborted call rejects with the reason', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    const reason = new Error('changed my mind')
    await rejectsWith(store.verify(blob.cid, { signal: AbortSignal.abort(reason) }), reason)
  }),
  near('rot: verify finds it', ['rot'], async ({ open, rot }) => {
    const store = await open()
    for (const at of [0, LEAF, SIZE - 1]) {
      const blob = await blobOf(SIZE, { seed: at + 1 })
      await store.put(blob)
      await rot(store, blob, at)
      check((await store.verify(blob.cid)).length > 0, `did not find byte ${at}`)
    }
  }),
  near('rot: a read never gives a wrong byte', ['rot'], async ({ open, rot }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    await store.put(blob)
    await rot(store, blob, LEAF + 5)
    let given = 0
    const readOn = async () => {
      for await (const chunk of (await store.read(blob.cid)).body) {
        sameBytes(chunk, blob.bytes.subarray(given, given + chunk.length), `bytes from ${given}`)
        given += chunk.length
      }
    }
    await fails(readOn(), 'integrity')
    await fails(
      store.read(blob.cid, { offset: LEAF, length: 1 }).then(({ body }) => bytesOf(body)),
      ['integrity', 'not-found'],
    )
  }),
  near('rot: a put of the same bytes heals it, and pin and name stay', ['rot'], async ({ open, rot }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    await store.ingest(bodyOf(blob.bytes), { name: { name: 'it' }, pin: { name: 'mine' } })
    await rot(store, blob, LEAF + 5)
    await fails(
      store.read(blob.cid).then(({ body }) => bytesOf(body)),
      'integrity',
    )
    same((await store.ingest(bodyOf(blob.bytes))).deduplicated, false, 'deduplicated')
    await isPresent(store, blob)
    sameList(await store.verify(blob.cid), [], 'problems')
    sameCid(await store.catalog.names.get('it'), blob.cid, 'name')
    same((await collect(store.catalog.pins.list()))[0]?.name, 'mine', 'label of the pin')
  }),
  near('scratch: keeps what is appended', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [await store.scratch(), await store.scratch()]
    same(await one.append(new Uint8Array([1, 2, 3])), 0, 'first position')
    same(await two.append(new Uint8Array([9])), 0, 'first position of another')
    same(await one.append(new Uint8Array([4, 5])), 3, 'second position')
    sameBytes(await one.read(0, 5), new Uint8Array([1, 2, 3, 4, 5]), 'all')
    sameBytes(await one.read(2, 2), new Uint8Array([3, 4]), 'the middle')
    sameBytes(await two.read(0, 1), new Uint8Array([9]), 'another')
    await one.close()
    await one.close()
    await fails(one.append(new Uint8Array(1)), 'closed')
    await two.close()
    same((await listed(store)).length, 0, 'blobs')
  }),
  near('scratch: appends at once get places of their own', [], async ({ open, settled }) => {
    const store = await open()
    const scratch = await store.scratch()
    const pieces = Array.from({ length: 50 }, (_, index) => new Uint8Array(100 + index).fill(index))
    const positions = await settled(Promise.all(pieces.map((piece) => scratch.append(piece))))
    for (const [index, piece] of pieces.entries())
      sameBytes(await scratch.read(positions[index] ?? 0, piece.length), piece, `piece ${index}`)
    await scratch.close()
  }),
  near('close: near calls after it fail with closed', [], async ({ open, settled }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    const partial = await store.partial(await blobOf(12))
    const { catalog } = store
    await store.close()
    const calls: (() => Promise<unknown>)[] = [
      () => store.ingest(bodyOf(blob.bytes)),
      () => store.partial(blob),
      () => partial.write(0, blob.bytes),
      () => store.scratch(),
      () => store.lease(blob.cid),
      () => store.putDirectory(folder({})),
      () => store.directory(blob.cid),
      () => store.verify(blob.cid),
      () => store.gc(),
      () => store.usage(),
      () => catalog.get(blob.cid),
      () => collect(catalog.list()),
      () => catalog.names.get('it'),
      () => catalog.names.set({ name: 'it' }, blob.cid),
      () => catalog.names.remove('it'),
      () => collect(catalog.names.history('it')),
      () => catalog.aliases.get('sha256:00'),
      () => catalog.aliases.set('sha256:00', blob.cid),
      () => catalog.pins.set(blob.cid),
      () => catalog.pins.remove(blob.cid),
      () => collect(catalog.pins.list()),
    ]
    for (const call of calls) await settled(fails(call(), 'closed'))
  }),
  near('close: an ingest under way ends stored or fails with closed', ['reopen'], async ({ open, reopen, settled }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    let closed: Promise<void> | undefined
    const stored = await settled(
      unlessClosed(store.ingest(after(blob.bytes, LEAF + 1, () => void (closed = store.close())))),
    )
    await settled(Promise.resolve(closed))
    const again = await reopen(store)
    await (stored ? isPresent(again, blob) : isAbsent(again, blob))
  }),
  near('reopen: the catalog outlives a close', ['reopen'], async ({ open, reopen }) => {
    const store = await open()
    const [one, two] = [await blobOf(LEAF + 1), await blobOf(11)]
    await store.ingest(bodyOf(one.bytes), { name: { name: 'it' }, pin: { name: 'mine' }, alias: true })
    await store.ingest(bodyOf(two.bytes), { member: true, name: { name: 'it' } })
    const directory = folder({ one, two })
    await store.putDirectory(directory)
    const before = await store.catalog.get(one.cid)
    const again = await reopen(store)
    sameCid(await again.catalog.names.get('it'), two.cid, 'name')
    sameList(
      (await collect(again.catalog.names.history('it'))).map(({ cid }) => String(cid)),
      [two.cid, one.cid].map(String),
      'history',
    )
    const [pin] = await collect(again.catalog.pins.list())
    same(pin?.name, 'mine', 'label of the pin')
    sameCid(await again.catalog.aliases.get(sha256Alias(sha256(one.bytes))), one.cid, 'alias')
    same((await again.catalog.get(one.cid))?.createdAt.getTime(), before?.createdAt.getTime(), 'createdAt')
    same((await again.directory(directory.cid))?.size, directory.size, 'size of the directory')
    await fails(again.delete(two.cid), 'conflict')
    sameList(await again.verify(directory.cid), [], 'problems')
  }),
]
