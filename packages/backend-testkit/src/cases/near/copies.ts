import { sha256, sha256Alias, type CID, type CopyRecord, type NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../../case.ts'
import { check, collect, fails, same, sameCid } from '../../check.ts'
import { blobOf, blobsOf, bodyOf, LEAF } from '../../fixtures.ts'
import { isAbsent, isPresent } from '../putting.ts'
import { folder } from './directories.ts'
import { anotherMillisecond, near, sameList, texts } from './shared.ts'

const later = (): Date => new Date(Date.now() + 3_600_000)
const down = { code: 'unavailable', message: 'down' } as const

async function states(store: NearStore, cid: CID): Promise<string> {
  const copies = await store.catalog.copies.of(cid)
  return copies
    .map(({ tier, state }) => `${tier} ${state}`)
    .sort()
    .join(' ')
}

async function only(store: NearStore, cid: CID): Promise<CopyRecord> {
  const [copy, ...more] = await store.catalog.copies.of(cid)
  check(copy !== undefined && more.length === 0, 'has not exactly one copy')
  return copy
}

export const copiesCases: readonly ConformanceCase<NearStore>[] = [
  near('copies: are queued in the step that makes content visible, or not at all', ['reopen'], async (context) => {
    const store = await context.open()
    const [small, large] = [await blobOf(11), await blobOf(LEAF + 1)]
    const directory = folder({})
    await store.catalog.names.set({ name: 'taken' }, (await store.ingest(bodyOf(new Uint8Array(3)))).cid)
    const taken = { name: 'taken', ifCurrent: null }
    await fails(store.ingest(bodyOf(small.bytes), { name: taken, copies: ['a'] }), 'conflict')
    same(await states(store, small.cid), '', 'copies of a failed put')
    await store.ingest(bodyOf(small.bytes), { copies: ['a', 'b'] })
    const partial = await store.partial(large)
    for (const leaf of partial.missing()) await partial.write(leaf, large.bytes.slice(leaf * LEAF, (leaf + 1) * LEAF))
    await partial.publish({ copies: ['a'] })
    await store.putDirectory(directory, { copies: ['a'] })
    const again = await context.reopen(store)
    same(await states(again, small.cid), 'a queued b queued', 'copies of a small blob')
    for (const { cid } of [large, directory]) {
      const { since, dueAt, attempts, error, claimed } = await only(again, cid)
      check(dueAt.getTime() <= Date.now() && since.getTime() <= Date.now(), 'is due later')
      same(attempts, 0, 'attempts')
      same(error?.code, undefined, 'error')
      same(claimed, false, 'claimed')
    }
  }),
  near('copies: what a tier has is not queued by a put, what failed is', [], async ({ open }) => {
    const store = await open()
    const { copies } = store.catalog
    const { bytes, cid } = await blobOf(11)
    await store.ingest(bodyOf(bytes), { copies: ['has', 'fails'] })
    await copies.claim({ tier: 'has', limit: 1 })
    await copies.settle({ cid, tier: 'has' }, { state: 'stored' })
    await copies.claim({ tier: 'fails', limit: 1 })
    await copies.settle({ cid, tier: 'fails' }, { state: 'failed', error: down })
    same(await states(store, cid), 'fails failed has stored', 'copies')
    await store.ingest(bodyOf(bytes), { copies: ['has', 'fails'] })
    same(await states(store, cid), 'fails queued has stored', 'copies after a put')
    sameList((await store.catalog.get(cid))?.copies ?? [], ['has'], 'copies of the record')
    await copies.queue(cid, ['has'], { again: true })
    same(await states(store, cid), 'fails queued has queued', 'copies asked for again')
    await fails(copies.queue((await blobOf(12)).cid, ['has']), 'not-found')
  }),
  near('copies: each is claimed once, those first that have been due for longest', [], async ({ open }) => {
    const store = await open()
    const { copies } = store.catalog
    const [one, two, three] = await blobsOf(3, 11)
    check(one !== undefined && two !== undefined && three !== undefined, 'the fixtures are too few')
    for (const { bytes } of [one, two, three]) {
      await store.ingest(bodyOf(bytes), { copies: ['a'] })
      await anotherMillisecond()
    }
    same((await copies.claim({ tier: 'b', limit: 9 })).length, 0, 'claims of another tier')
    const first = await copies.claim({ tier: 'a', limit: 1 })
    sameList(texts(first.map(({ cid }) => cid)), texts([one.cid]), 'first claim')
    same((await only(store, one.cid)).claimed, true, 'claimed')
    await copies.settle({ cid: one.cid, tier: 'a' }, { state: 'queued', dueAt: later(), error: down })
    const second = await copies.claim({ tier: 'a', limit: 9 })
    same(second.map(({ cid }) => cid.toString()).join(' '), `${two.cid} ${three.cid}`, 'second claim')
    same((await copies.claim({ tier: 'a', limit: 9, cid: two.cid })).length, 0, 'claims of what is claimed')
    const early = await copies.claim({ tier: 'a', limit: 9, cid: one.cid })
    sameList(texts(early.map(({ cid }) => cid)), texts([one.cid]), 'claim of what is not due')
  }),
  near('copies: a claim ends as it is told', [], async ({ open }) => {
    const store = await open()
    const { copies } = store.catalog
    const { bytes, cid } = await blobOf(11)
    await store.ingest(bodyOf(bytes), { copies: ['a'] })
    const before = await only(store, cid)
    same(await copies.settle({ cid, tier: 'a' }, { state: 'stored' }), false, 'settle without a claim')
    await copies.claim({ tier: 'a', limit: 1 })
    const dueAt = later()
    same(await copies.settle({ cid, tier: 'a' }, { state: 'queued', dueAt, error: down }), true, 'settle')
    const failed = await only(store, cid)
    same(failed.attempts, 1, 'attempts')
    same(failed.error?.code, 'unavailable', 'code')
    same(failed.error?.message, 'down', 'message')
    same(failed.dueAt.getTime(), dueAt.getTime(), 'due')
    same(failed.since.getTime(), before.since.getTime(), 'since')
    same((await copies.nextDue('a'))?.getTime(), dueAt.getTime(), 'next due')
    await copies.claim({ tier: 'a', limit: 1, cid })
    check((await copies.nextDue('a')) === undefined, 'what is claimed is due')
    await copies.settle({ cid, tier: 'a' }, { state: 'queued', dueAt })
    same((await only(store, cid)).attempts, 1, 'attempts after one that was given up')
    await copies.claim({ tier: 'a', limit: 1, cid })
    await anotherMillisecond()
    await copies.settle({ cid, tier: 'a' }, { state: 'stored' })
    const stored = await only(store, cid)
    same(stored.attempts, 0, 'attempts of what is stored')
    same(stored.error?.code, undefined, 'error of what is stored')
    check(stored.since.getTime() > before.since.getTime(), 'is stored since it was queued')
  }),
  near('copies: what a closed store had claimed is free', ['reopen'], async (context) => {
    const store = await context.open()
    const { bytes } = await blobOf(11)
    await store.ingest(bodyOf(bytes), { copies: ['a'] })
    await store.catalog.copies.claim({ tier: 'a', limit: 1 })
    const again = await context.reopen(store)
    check((await again.catalog.copies.nextDue('a')) !== undefined, 'is not due')
    same((await again.catalog.copies.claim({ tier: 'a', limit: 1 })).length, 1, 'claims')
  }),
  near('copies: are found by whoever looks', [], async ({ open }) => {
    const store = await open()
    const { copies } = store.catalog
    const { bytes, cid } = await blobOf(11)
    same(await copies.found(cid, 'a'), false, 'found of what is not here')
    await store.ingest(bodyOf(bytes))
    same(await copies.found(cid, 'a'), true, 'found')
    same(await states(store, cid), 'a stored', 'copies')
    sameList((await store.catalog.get(cid))?.copies ?? [], ['a'], 'copies of the record')
    const listed = await collect(store.catalog.list({ tier: 'a' }))
    sameList(texts(listed.map((record) => record.cid)), texts([cid]), 'records by tier')
    same((await collect(store.catalog.list({ tier: 'b' }))).length, 0, 'records of another tier')
  }),
  near('copies: go with their blob', [], async ({ open }) => {
    const store = await open()
    const blobs = [await blobOf(11), await blobOf(LEAF + 1)]
    for (const { bytes, cid } of blobs) {
      await store.ingest(bodyOf(bytes), { copies: ['a'] })
      await store.catalog.copies.claim({ tier: 'a', limit: 1 })
      await store.delete(cid)
      same(await store.catalog.copies.settle({ cid, tier: 'a' }, { state: 'stored' }), false, 'settle afterwards')
      await store.ingest(bodyOf(bytes))
      same(await states(store, cid), '', 'copies')
    }
    same((await store.catalog.copies.sums()).length, 0, 'sums')
  }),
  near('copies: are listed and summed up by tier and state', [], async ({ open }) => {
    const store = await open()
    const { copies } = store.catalog
    const [one, two] = [await blobOf(11), await blobOf(LEAF + 1)]
    await store.ingest(bodyOf(one.bytes), { copies: ['a', 'b'] })
    await store.ingest(bodyOf(two.bytes), { copies: ['a'] })
    const directory = folder({})
    await store.putDirectory(directory, { copies: ['a'] })
    await copies.found(two.cid, 'a')
    const told = (found: readonly CopyRecord[]): string[] =>
      found.map(({ cid, tier, state }) => `${cid} ${tier} ${state}`).sort()
    sameList(told(await collect(copies.list({ state: 'stored' }))), [`${two.cid} a stored`], 'stored')
    sameList(told(await collect(copies.list({ tier: 'b' }))), [`${one.cid} b queued`], 'of one tier')
    same((await collect(copies.list())).length, 4, 'all')
    const sums = (await copies.sums()).map((sum) => `${sum.tier} ${sum.state} ${sum.copies} ${sum.bytes}`).sort()
    sameList(sums, ['a queued 2 11', `a stored 1 ${LEAF + 1}`, 'b queued 1 11'], 'sums')
    const oldest = (await copies.sums()).find(({ tier }) => tier === 'b')?.oldest
    same(oldest?.getTime(), (await copies.of(one.cid)).find(({ tier }) => tier === 'b')?.since.getTime(), 'oldest')
    sameCid((await copies.of(directory.cid))[0]?.cid, directory.cid, 'directory')
  }),
  near('gc: never evicts what is to be copied', [], async ({ open }) => {
    const store = await open()
    const [small, large, member] = [await blobOf(1000), await blobOf(LEAF + 1), await blobOf(1001)]
    await store.ingest(bodyOf(small.bytes), { copies: ['a'] })
    await store.ingest(bodyOf(large.bytes), { copies: ['a'] })
    await store.ingest(bodyOf(member.bytes), { member: true })
    await store.putDirectory(folder({ member }), { copies: ['a'] })
    same((await store.gc({ maxSize: 0 })).removed, 0, 'removed')
    for (const blob of [small, large, member]) await isPresent(store, blob)
    for (const copy of await store.catalog.copies.claim({ tier: 'a', limit: 9 }))
      await store.catalog.copies.settle(copy, { state: 'stored' })
    same((await store.gc({ maxSize: 0 })).remaining, 0, 'remaining')
  }),
  near('gc: evicts first what a far tier has', [], async ({ open }) => {
    const store = await open()
    for (const size of [1000, LEAF]) {
      const blobs = await blobsOf(3, size)
      for (const { bytes } of blobs) {
        await store.ingest(bodyOf(bytes))
        await anotherMillisecond()
      }
      const [first, second, third] = blobs
      check(first !== undefined && second !== undefined && third !== undefined, 'the fixtures are too few')
      await store.catalog.copies.found(second.cid, 'a')
      await store.gc({ maxSize: 2 * size })
      await isAbsent(store, second)
      for (const blob of [first, third]) await isPresent(store, blob)
      await store.gc({ maxSize: 0 })
    }
  }),
  near('evict: removes what a far tier has, and nothing else', [], async ({ open }) => {
    const store = await open()
    const { copies, pins } = store.catalog
    const [small, large, member, lone] = [await blobOf(11), await blobOf(LEAF + 1), await blobOf(12), await blobOf(13)]
    for (const { bytes } of [small, large, lone]) await store.ingest(bodyOf(bytes))
    await store.ingest(bodyOf(member.bytes), { member: true })
    const directory = folder({ member })
    await store.putDirectory(directory)
    for (const { cid } of [small, large, member, directory]) await copies.found(cid, 'a')
    same(await store.evict(lone.cid), false, 'evict of what no tier has')
    same(await store.evict((await blobOf(14)).cid), false, 'evict of what is not here')
    same(await store.evict(member.cid), false, 'evict of what a directory holds')
    await pins.set(small.cid)
    same(await store.evict(small.cid), false, 'evict of what is pinned')
    await pins.remove(small.cid)
    await copies.queue(small.cid, ['b'])
    same(await store.evict(small.cid), false, 'evict of what is yet to be copied')
    await copies.found(small.cid, 'b')
    const lease = await store.lease(large.cid)
    same(await store.evict(large.cid), false, 'evict of what is leased')
    await lease.release()
    for (const { cid } of [small, large, directory]) same(await store.evict(cid), true, 'evict')
    for (const blob of [small, large, member]) await isAbsent(store, blob)
    check((await store.directory(directory.cid)) === undefined, 'has the directory')
    await isPresent(store, lone)
  }),
  near('evict: names and aliases go on naming what a far tier has', ['reopen'], async (context) => {
    const store = await context.open()
    for (const [index, blob] of [await blobOf(11), await blobOf(LEAF + 1)].entries()) {
      const { names, aliases, copies } = store.catalog
      const [name, alias] = [`name ${index}`, sha256Alias(sha256(blob.bytes))]
      await store.ingest(bodyOf(blob.bytes), { name: { name }, alias: index > 0 })
      await copies.found(blob.cid, 'a')
      await store.gc({ maxSize: 0 })
      await isAbsent(store, blob)
      sameCid(await names.get(name), blob.cid, 'name')
      if (index > 0) sameCid(await aliases.get(alias), blob.cid, 'alias')
      await fails(names.set({ name, ifCurrent: null }, blob.cid), 'not-found')
      same((await collect(names.history(name))).length, 1, 'history')
      await store.ingest(bodyOf(blob.bytes), { copies: ['a'] })
      const record = await store.catalog.get(blob.cid)
      sameList(record?.names ?? [], [name], 'names of what came back')
      sameList(record?.copies ?? [], ['a'], 'copies of what came back')
      same(await store.evict(blob.cid), true, 'evict')
    }
    const again = await context.reopen(store)
    const { names } = again.catalog
    const [one, two] = [await names.get('name 0'), await names.get('name 1')]
    check(one !== undefined && two !== undefined, 'forgot a name')
    same(await names.remove('name 0'), true, 'remove')
    same(await again.delete(one), false, 'delete of what is neither here nor named')
    same(await again.delete(two), true, 'delete of what is not here, and named')
    sameCid(await names.get('name 1'), undefined, 'name of what was deleted')
    for (const name of ['name 0', 'name 1'])
      sameCid((await collect(names.history(name)))[0]?.cid, undefined, 'end of the history')
  }),
]
