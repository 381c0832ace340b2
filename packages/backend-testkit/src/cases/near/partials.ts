import { layouts, type NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../../case.ts'
import { check, collect, fails, rejectsWith, same, sameBytes, sameCid } from '../../check.ts'
import { blobOf, LEAF, smallLeaves, type Fixture } from '../../fixtures.ts'
import { isAbsent, isPresent } from '../putting.ts'
import { near, sameList, turns } from './shared.ts'

const SIZE = 3 * LEAF + 7

export function leafOf({ bytes }: Fixture, leaf: number, leafSize: number = LEAF): Uint8Array {
  return bytes.slice(leaf * leafSize, (leaf + 1) * leafSize)
}

export const partialCases: readonly ConformanceCase<NearStore>[] = [
  near('partial: takes leaves in any order; nothing is visible before it is published', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const partial = await store.partial(blob)
    sameCid(partial.cid, blob.cid, 'cid')
    same(partial.size, SIZE, 'size')
    same(partial.leafCount, 4, 'leaves')
    const order = [3, 0, 2, 1]
    for (const [index, leaf] of order.entries()) {
      same(partial.has(leaf), false, 'has a leaf that was not written')
      await partial.write(leaf, leafOf(blob, leaf))
      same(partial.has(leaf), true, 'has the leaf')
      sameList(partial.missing(), order.slice(index + 1).sort(), 'missing')
      await isAbsent(store, blob)
    }
    const published = await partial.publish()
    same(published.deduplicated, false, 'deduplicated')
    sameCid(published.cid, blob.cid, 'cid')
    sameBytes(published.outboard, blob.outboard, 'outboard')
    await isPresent(store, blob)
    same((await store.usage()).partialBytes, 0, 'bytes of partial blobs')
  }),
  near('partial: takes blobs of one leaf and of none, and of other layouts', [], async ({ open }) => {
    const store = await open()
    const cases = [
      { blob: await blobOf(0), leafSize: LEAF },
      { blob: await blobOf(LEAF), leafSize: LEAF },
      { blob: await blobOf(64 * 1025, { layout: smallLeaves }), leafSize: 64 },
      { blob: await blobOf(2 * 262_144 + 7, { layout: layouts['kubo-legacy-cidv1'] }), leafSize: 262_144 },
      { blob: await blobOf(2 * 262_144 + 7, { layout: layouts['unixfs-v0-2015'] }), leafSize: 262_144 },
      { blob: await blobOf(100, { layout: layouts['unixfs-v0-2015'] }), leafSize: 262_144 },
    ]
    for (const { blob, leafSize } of cases) {
      const partial = await store.partial(blob)
      for (const leaf of [...partial.missing()].reverse()) await partial.write(leaf, leafOf(blob, leaf, leafSize))
      await partial.publish()
      await isPresent(store, blob)
    }
  }),
  near('partial: wrong bytes fail with integrity, and nothing changes', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const partial = await store.partial(blob)
    await partial.write(1, leafOf(blob, 1))
    const flipped = leafOf(blob, 0)
    flipped[LEAF - 1] = (flipped[LEAF - 1] ?? 0) ^ 1
    const wrong = [
      flipped,
      leafOf(blob, 1),
      leafOf(blob, 0).subarray(1),
      new Uint8Array(0),
      blob.bytes.slice(0, LEAF + 1),
    ]
    for (const bytes of wrong) await fails(partial.write(0, bytes), 'integrity')
    await fails(partial.write(1, flipped), 'integrity')
    sameList(partial.missing(), [0, 2, 3], 'missing')
    sameBytes(await partial.read(1), leafOf(blob, 1), 'leaf 1')
  }),
  near('partial: who holds one learns that somebody waits for it', [], async ({ open, settled }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const held = await store.partial(blob, { announce: true })
    const { contended } = held
    // A store that cannot tell says so.
    if (contended === undefined) return
    same(contended.aborted, false, 'somebody waits')
    const noticed = new Promise<void>((resolve) => contended.addEventListener('abort', () => resolve()))
    const waiting = store.partial(blob, { announce: true })
    // When the holder learns nothing, it ends with the store.
    waiting.catch(() => {})
    await settled(noticed)
    await held.close()
    const next = await settled(waiting)
    same(next.contended?.aborted, false, 'somebody waits for the next one')
    await next.discard()
  }),
  near('partial: a leaf that does not exist is refused', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const partial = await store.partial(blob)
    for (const leaf of [-1, 2, 0.5, Number.NaN]) {
      await fails(partial.write(leaf, leafOf(blob, 0)), ['invalid-argument', 'range'])
      same(partial.has(leaf), false, 'has')
    }
    sameList(partial.missing(), [0, 1], 'missing')
  }),
  near('partial: a leaf may be written twice', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const partial = await store.partial(blob)
    for (const leaf of [0, 0, 1, 1, 0]) await partial.write(leaf, leafOf(blob, leaf))
    await partial.publish()
    await isPresent(store, blob)
  }),
  near('partial: leaves may be written all at once', [], async ({ open, settled }) => {
    const store = await open()
    const blob = await blobOf(64 * 300, { layout: smallLeaves })
    const partial = await store.partial(blob)
    await settled(
      Promise.all(Array.from({ length: 600 }, (_, index) => partial.write(index % 300, leafOf(blob, index % 300, 64)))),
    )
    sameList(partial.missing(), [], 'missing')
    await partial.publish()
    await isPresent(store, blob)
  }),
  near('partial: keeps no hold on the bytes it gets', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const partial = await store.partial(blob)
    for (const leaf of [0, 1]) {
      const bytes = Buffer.from(leafOf(blob, leaf))
      await partial.write(leaf, bytes)
      bytes.fill(255)
    }
    await partial.publish()
    await isPresent(store, blob)
  }),
  near('partial: gives leaves back; those not here fail with not-found', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const partial = await store.partial(blob)
    await partial.write(3, leafOf(blob, 3))
    sameBytes(await partial.read(3), leafOf(blob, 3), 'leaf 3')
    await fails(partial.read(0), 'not-found')
  }),
  near('partial: published too early fails with conflict, and goes on', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const partial = await store.partial(blob)
    await partial.write(0, leafOf(blob, 0))
    await fails(partial.publish({ name: { name: 'it' } }), 'conflict')
    await isAbsent(store, blob)
    sameCid(await store.catalog.names.get('it'), undefined, 'name')
    await partial.write(1, leafOf(blob, 1))
    await partial.publish()
    await isPresent(store, blob)
  }),
  near('partial: what was written waits for the next opening', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const first = await store.partial(blob)
    await first.write(2, leafOf(blob, 2))
    await first.close()
    await first.close()
    same((await store.usage()).partialBytes >= LEAF, true, 'partial bytes are counted')
    const second = await store.partial(blob)
    sameList(second.missing(), [0, 1, 3], 'missing')
    sameBytes(await second.read(2), leafOf(blob, 2), 'leaf 2')
    for (const leaf of second.missing()) await second.write(leaf, leafOf(blob, leaf))
    await second.publish()
    await isPresent(store, blob)
  }),
  near('partial: outlives the store', ['reopen'], async ({ open, reopen }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const first = await store.partial(blob)
    await first.write(0, leafOf(blob, 0))
    await first.write(3, leafOf(blob, 3))
    await first.close()
    const second = await (await reopen(store)).partial(blob)
    sameList(second.missing(), [1, 2], 'missing')
    sameBytes(await second.read(3), leafOf(blob, 3), 'leaf 3')
  }),
  near('partial: discarded leaves nothing behind', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const first = await store.partial(blob)
    await first.write(0, leafOf(blob, 0))
    await first.discard()
    same((await store.usage()).partialBytes, 0, 'bytes of partial blobs')
    const second = await store.partial(blob)
    sameList(second.missing(), [0, 1], 'missing')
  }),
  near('partial: is over once it is published', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    const partial = await store.partial(blob)
    await partial.write(0, blob.bytes)
    await partial.publish()
    await fails(partial.write(0, blob.bytes), ['closed', 'conflict'])
    await partial.close()
    await isPresent(store, blob)
  }),
  near('partial: a second opening waits for the first to close', [], async ({ open, settled }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const first = await store.partial(blob)
    let opened = false
    const second = store.partial(blob).then((partial) => {
      opened = true
      return partial
    })
    await turns()
    same(opened, false, 'second opening')
    await first.write(0, leafOf(blob, 0))
    await first.close()
    sameList((await settled(second)).missing(), [1], 'missing')
  }),
  near(
    'partial: an abort ends the wait for another opening, and the door stays usable',
    [],
    async ({ open, settled }) => {
      const store = await open()
      const blob = await blobOf(LEAF + 1)
      const first = await store.partial(blob)
      const abort = new AbortController()
      const reason = new Error('changed my mind')
      const second = rejectsWith(store.partial(blob, { signal: abort.signal }), reason)
      await turns()
      abort.abort(reason)
      await settled(second)
      await first.close()
      await (await settled(store.partial(blob))).close()
    },
  ),
  near('partial: two blobs do not wait for each other', [], async ({ open, settled }) => {
    const store = await open()
    const first = await store.partial(await blobOf(LEAF + 1))
    const second = await settled(store.partial(await blobOf(LEAF + 2)))
    await first.close()
    await second.close()
  }),
  near('partial: a damaged outboard fails with integrity', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(SIZE)
    const outboard = blob.outboard.slice()
    outboard[outboard.length - 1] = (outboard.at(-1) ?? 0) ^ 1
    await fails(store.partial({ cid: blob.cid, size: SIZE, outboard }), 'integrity')
    await fails(store.partial({ cid: blob.cid, size: SIZE + 1, outboard: blob.outboard }), 'integrity')
    await (await store.partial(blob)).close()
  }),
  near('partial: an aborted call rejects with the reason, and nothing changes', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const reason = new Error('changed my mind')
    const options = { signal: AbortSignal.abort(reason) }
    await rejectsWith(store.partial(blob, options), reason)
    const partial = await store.partial(blob)
    await rejectsWith(partial.write(0, leafOf(blob, 0), options), reason)
    same(partial.has(0), false, 'has')
    for (const leaf of [0, 1]) await partial.write(leaf, leafOf(blob, leaf))
    await rejectsWith(partial.read(0, options), reason)
    await rejectsWith(partial.publish(options), reason)
    await isAbsent(store, blob)
    await partial.publish()
    await isPresent(store, blob)
  }),
  near('partial: is published with name and pin', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    const partial = await store.partial(blob)
    await partial.write(0, blob.bytes)
    await partial.publish({ name: { name: 'it' }, pin: { name: 'mine' } })
    sameCid(await store.catalog.names.get('it'), blob.cid, 'name')
    same((await collect(store.catalog.pins.list()))[0]?.name, 'mine', 'label of the pin')
  }),
  near('partial: of a blob that is here is a duplicate', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    await store.put(blob)
    const partial = await store.partial(blob)
    for (const leaf of partial.missing()) await partial.write(leaf, leafOf(blob, leaf))
    const { deduplicated } = await partial.publish()
    check(deduplicated, 'was stored twice')
    await isPresent(store, blob)
  }),
]
