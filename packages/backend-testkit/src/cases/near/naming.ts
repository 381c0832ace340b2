import type { NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../../case.ts'
import { check, collect, fails, same, sameCid } from '../../check.ts'
import { blobOf, blobsOf, bodyOf, LEAF } from '../../fixtures.ts'
import { isAbsent, isPresent } from '../putting.ts'
import { anotherMillisecond, near, sameList } from './shared.ts'

export const namingCases: readonly ConformanceCase<NearStore>[] = [
  near('names: point at blobs, move, and are removed', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [await blobOf(100), await blobOf(101)]
    await store.put(one)
    await store.put(two)
    const { names } = store.catalog
    sameCid(await names.get('it'), undefined, 'before')
    await names.set({ name: 'it' }, one.cid)
    sameCid(await names.get('it'), one.cid, 'after the first set')
    await names.set({ name: 'it' }, two.cid)
    sameCid(await names.get('it'), two.cid, 'after the second set')
    same(await names.remove('it'), true, 'remove')
    sameCid(await names.get('it'), undefined, 'after the removal')
    same(await names.remove('it'), false, 'second remove')
  }),
  near('names: do not point at a blob that is not here', [], async ({ open }) => {
    const store = await open()
    await fails(store.catalog.names.set({ name: 'it' }, (await blobOf(11)).cid), 'not-found')
    sameCid(await store.catalog.names.get('it'), undefined, 'name')
  }),
  near('names: any text may be one, and is kept as it is', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    const texts = [
      'a/b',
      '../../etc/passwd',
      '@org/model',
      'two  blanks',
      'Größe',
      '模型',
      '%00',
      "'; drop table names; --",
      'x'.repeat(1000),
    ]
    for (const name of texts) await store.catalog.names.set({ name }, blob.cid)
    for (const name of texts) sameCid(await store.catalog.names.get(name), blob.cid, name)
    sameList([...((await store.catalog.get(blob.cid))?.names ?? [])].sort(), [...texts].sort(), 'names of the record')
  }),
  near('names: what cannot be one fails with invalid-argument', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    for (const name of ['', 'a\0b', 'line\nbreak', blob.cid.toString()]) {
      await fails(store.catalog.names.set({ name }, blob.cid), 'invalid-argument')
      await fails(store.ingest(bodyOf((await blobOf(12)).bytes), { name: { name } }), 'invalid-argument')
    }
    await isAbsent(store, await blobOf(12))
  }),
  near('names: compare-and-set changes only what is as expected', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [await blobOf(100), await blobOf(101)]
    await store.put(one)
    await store.put(two)
    const { names } = store.catalog
    await fails(names.set({ name: 'it', ifCurrent: one.cid }, one.cid), 'conflict')
    await names.set({ name: 'it', ifCurrent: null }, one.cid)
    await fails(names.set({ name: 'it', ifCurrent: null }, two.cid), 'conflict')
    await fails(names.set({ name: 'it', ifCurrent: two.cid }, two.cid), 'conflict')
    sameCid(await names.get('it'), one.cid, 'after what failed')
    await names.set({ name: 'it', ifCurrent: one.cid }, two.cid)
    sameCid(await names.get('it'), two.cid, 'after what succeeded')
    await names.remove('it')
    await names.set({ name: 'it', ifCurrent: null }, one.cid)
    sameCid(await names.get('it'), one.cid, 'after the removal')
  }),
  near('names: of many compare-and-sets at once one succeeds', [], async ({ open, settled }) => {
    const store = await open()
    const blobs = await blobsOf(16, 100)
    for (const blob of blobs) await store.put(blob)
    const { names } = store.catalog
    const done = await settled(
      Promise.allSettled(blobs.map(({ cid }) => names.set({ name: 'it', ifCurrent: null }, cid))),
    )
    const winner = blobs.filter((_, index) => done[index]?.status === 'fulfilled')
    same(winner.length, 1, 'sets that succeeded')
    sameCid(await names.get('it'), winner[0]?.cid, 'name')
  }),
  near('names: history tells where it pointed, newest first', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [await blobOf(100), await blobOf(101)]
    await store.put(one)
    await store.put(two)
    const { names } = store.catalog
    same((await collect(names.history('it'))).length, 0, 'versions of no name')
    for (const { cid } of [one, two]) {
      await names.set({ name: 'it' }, cid)
      await anotherMillisecond()
    }
    await names.remove('it')
    const history = await collect(names.history('it'))
    sameList(
      history.map(({ cid }) => String(cid)),
      ['undefined', String(two.cid), String(one.cid)],
      'history',
    )
    check(
      history.every(({ at }, index) => at >= (history[index + 1]?.at ?? new Date(0))),
      'times run backwards',
    )
  }),
  near('names: go with their blob, and stay in the history', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(100)
    await store.put(blob)
    await store.catalog.names.set({ name: 'it' }, blob.cid)
    await store.delete(blob.cid)
    sameCid(await store.catalog.names.get('it'), undefined, 'name')
    check(
      (await collect(store.catalog.names.history('it'))).some(({ cid }) => cid?.equals(blob.cid)),
      'forgot the history',
    )
  }),
  near('catalog: knows nothing of an absent blob', [], async ({ open }) => {
    const store = await open()
    check((await store.catalog.get((await blobOf(11)).cid)) === undefined, 'has a record')
    sameCid(await store.catalog.aliases.get(`sha256:${'0'.repeat(64)}`), undefined, 'alias')
  }),
  near('catalog: records kind, size, times, and use', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    const before = Date.now()
    await store.put(blob)
    const first = await store.catalog.get(blob.cid)
    check(first !== undefined, 'has no record')
    sameCid(first.cid, blob.cid, 'cid')
    same(first.kind, 'blob', 'kind')
    same(first.size, blob.size, 'size')
    same(first.pinned, false, 'pinned')
    same(first.names.length + first.aliases.length, 0, 'names and aliases')
    check(first.createdAt.getTime() >= before && first.createdAt.getTime() <= Date.now(), 'was not created now')
    await anotherMillisecond()
    store.catalog.touch(blob.cid)
    const second = await store.catalog.get(blob.cid)
    check(second !== undefined && second.lastUsedAt > first.lastUsedAt, 'did not notice the use')
    same(second.createdAt.getTime(), first.createdAt.getTime(), 'createdAt')
  }),
  near('catalog: lists by prefix of a name and by pin', [], async ({ open }) => {
    const store = await open()
    const [one, two, three] = [await blobOf(100), await blobOf(101), await blobOf(102)]
    for (const blob of [one, two, three]) await store.put(blob)
    await store.catalog.names.set({ name: 'a/1' }, one.cid)
    await store.catalog.names.set({ name: 'a/2' }, one.cid)
    await store.catalog.names.set({ name: 'b/a/' }, two.cid)
    await store.catalog.names.set({ name: 'a_2%' }, three.cid)
    await store.catalog.pins.set(two.cid)
    const found = async (filter: Parameters<typeof store.catalog.list>[0]) => {
      const records = await collect(store.catalog.list(filter))
      return records.map(({ size }) => size).sort()
    }
    sameList(await found({}), [100, 101, 102], 'all')
    sameList(await found({ prefix: 'a/' }), [100], 'a/')
    sameList(await found({ prefix: 'a_' }), [102], 'a_')
    sameList(await found({ prefix: '' }), [100, 101, 102], 'any name')
    sameList(await found({ prefix: 'c' }), [], 'c')
    sameList(await found({ pinned: true }), [101], 'pinned')
    sameList(await found({ pinned: false }), [100, 102], 'not pinned')
    sameList(await found({ pinned: true, prefix: 'a/' }), [], 'pinned and a/')
  }),
  near('aliases: point at blobs that are here', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    const alias = `sha256:${'ab'.repeat(32)}`
    await store.catalog.aliases.set(alias, blob.cid)
    sameCid(await store.catalog.aliases.get(alias), blob.cid, 'alias')
    same((await store.catalog.get(blob.cid))?.aliases.join(), alias, 'aliases of the record')
  }),
  near('pins: keep their time and their label', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    const { pins } = store.catalog
    const first = async () => {
      const all = await collect(pins.list())
      same(all.length, 1, 'pins')
      return all[0]
    }
    same(await pins.set((await blobOf(12)).cid), false, 'pin of an absent blob')
    same(await pins.set(blob.cid), true, 'pin')
    const pinned = await first()
    sameCid(pinned?.cid, blob.cid, 'cid')
    same(pinned?.name, undefined, 'label')
    await anotherMillisecond()
    await pins.set(blob.cid, 'mine')
    await pins.set(blob.cid)
    const again = await first()
    same(again?.name, 'mine', 'label')
    same(again?.createdAt.getTime(), pinned?.createdAt.getTime(), 'createdAt')
    same((await store.catalog.get(blob.cid))?.pinned, true, 'pinned')
    same(await pins.remove(blob.cid), true, 'remove')
    same(await pins.remove(blob.cid), false, 'second remove')
    same((await collect(pins.list())).length, 0, 'pins')
  }),
  near('pins: a pinned blob is not deleted, unless by force', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    await store.catalog.pins.set(blob.cid)
    await fails(store.delete(blob.cid), 'pinned')
    await isPresent(store, blob)
    same(await store.delete(blob.cid, { force: true }), true, 'delete by force')
    await isAbsent(store, blob)
    same((await collect(store.catalog.pins.list())).length, 0, 'pins')
  }),
  near('commit: blob, name and pin come together', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1)
    await store.ingest(bodyOf(blob.bytes), { name: { name: 'it', ifCurrent: null }, pin: { name: 'mine' } })
    sameCid(await store.catalog.names.get('it'), blob.cid, 'name')
    same((await collect(store.catalog.pins.list()))[0]?.name, 'mine', 'label of the pin')
    sameList((await store.catalog.get(blob.cid))?.names ?? [], ['it'], 'names')
  }),
  near('commit: when the name is not as expected nothing is stored', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [await blobOf(100), await blobOf(101)]
    await store.ingest(bodyOf(one.bytes), { name: { name: 'it' } })
    await fails(store.ingest(bodyOf(two.bytes), { name: { name: 'it', ifCurrent: null }, pin: true }), 'conflict')
    await isAbsent(store, two)
    sameCid(await store.catalog.names.get('it'), one.cid, 'name')
    same((await collect(store.catalog.pins.list())).length, 0, 'pins')
  }),
  near('commit: never lowers a pin', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(100)
    await store.ingest(bodyOf(blob.bytes), { pin: { name: 'mine' } })
    await store.ingest(bodyOf(blob.bytes), { pin: false })
    await store.ingest(bodyOf(blob.bytes))
    await store.put(blob)
    same((await collect(store.catalog.pins.list()))[0]?.name, 'mine', 'label of the pin')
  }),
]
