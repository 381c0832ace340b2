import { buildDirectory, parseOutboard, type Directory, type NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../../case.ts'
import { check, collect, fails, rejectsWith, same, sameBytes, sameCid } from '../../check.ts'
import { blobOf, bodyOf, LEAF, type Fixture } from '../../fixtures.ts'
import { isAbsent, isPresent } from '../putting.ts'
import { near, sameList, texts } from './shared.ts'

type Built = ReturnType<typeof buildDirectory>

/** A directory with these blobs and directories under these names. */
export function folder(entries: Readonly<Record<string, Fixture | Built>>): Built {
  return buildDirectory(
    Object.entries(entries).map(([name, entry]) => {
      const { cid, size } = entry
      return {
        name,
        cid,
        size,
        dagSize: 'dagSize' in entry ? entry.dagSize : parseOutboard(entry.outboard, cid, size).dagSize,
      }
    }),
  )
}

async function putMember(store: NearStore, blob: Fixture): Promise<void> {
  await store.ingest(bodyOf(blob.bytes), { member: true })
}

async function noDirectory(store: NearStore, { cid }: Directory): Promise<void> {
  check((await store.directory(cid)) === undefined, 'has the directory')
  check((await store.catalog.get(cid)) === undefined, 'has a record of the directory')
}

export const directoryCases: readonly ConformanceCase<NearStore>[] = [
  near('directory: comes back as it was put', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [await blobOf(LEAF + 1), await blobOf(11)]
    for (const blob of [one, two]) await putMember(store, blob)
    const inner = folder({ 'two.txt': two })
    const outer = folder({ inner, one, 'one again': one })
    same((await store.putDirectory(inner)).deduplicated, false, 'first')
    same((await store.putDirectory(outer)).deduplicated, false, 'first')
    same((await store.putDirectory(outer)).deduplicated, true, 'second')
    const found = await store.directory(outer.cid)
    check(found !== undefined, 'is not here')
    sameCid(found.cid, outer.cid, 'cid')
    same(found.size, 2 * one.size + two.size, 'size')
    sameList(texts(found.children), texts([inner.cid, one.cid]), 'children')
    same(found.nodes.length, outer.nodes.length, 'nodes')
    for (const [index, node] of outer.nodes.entries())
      sameBytes(found.nodes[index]?.bytes ?? new Uint8Array(), node.bytes, 'node')
    const record = await store.catalog.get(outer.cid)
    same(record?.kind, 'directory', 'kind')
    same(record?.size, outer.size, 'size of the record')
    same((await store.usage()).directories, 2, 'directories')
  }),
  near('directory: may be empty, and may need many nodes', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await putMember(store, blob)
    const many = folder(Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`entry ${index}`, blob])))
    check(many.nodes.length > 1, 'the fixture has one node only')
    for (const directory of [folder({}), many]) {
      await store.putDirectory(directory)
      const found = await store.directory(directory.cid)
      same(found?.nodes.length, directory.nodes.length, 'nodes')
      same(found?.size, directory.size, 'size')
      sameCid(found?.nodes[0]?.cid, directory.cid, 'first node')
    }
  }),
  near('directory: what is none or not here is undefined', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.put(blob)
    check((await store.directory(blob.cid)) === undefined, 'a blob is a directory')
    check((await store.directory((await blobOf(12)).cid)) === undefined, 'has what is not here')
  }),
  near('directory: is no blob', [], async ({ open }) => {
    const store = await open()
    const directory = folder({})
    await store.putDirectory(directory)
    await fails(store.read(directory.cid), 'not-found')
    check((await store.stat(directory.cid)) === undefined, 'has a stat as a blob')
    same((await collect(store.list())).length, 0, 'blobs')
  }),
  near('directory: with a child that is not here fails with not-found', [], async ({ open }) => {
    const store = await open()
    const [here, absent] = [await blobOf(11), await blobOf(12)]
    await putMember(store, here)
    const directory = folder({ here, absent })
    await fails(store.putDirectory(directory, { name: { name: 'it' } }), 'not-found')
    await noDirectory(store, directory)
    sameCid(await store.catalog.names.get('it'), undefined, 'name')
  }),
  near('directory: with wrong nodes fails with integrity', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await putMember(store, blob)
    const directory = folder({ blob })
    const nodes = directory.nodes.map(({ cid, bytes }) => ({
      cid,
      bytes: Uint8Array.from(bytes, (byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
    }))
    await fails(store.putDirectory({ ...directory, nodes }), 'integrity')
    await fails(store.putDirectory({ ...directory, nodes: [] }), 'integrity')
    await noDirectory(store, directory)
  }),
  near('directory: is put with name and pin, or not at all', [], async ({ open }) => {
    const store = await open()
    const [one, two] = [folder({}), folder({ empty: folder({}) })]
    await store.putDirectory(one, { name: { name: 'it', ifCurrent: null }, pin: { name: 'mine' } })
    sameCid(await store.catalog.names.get('it'), one.cid, 'name')
    same((await collect(store.catalog.pins.list()))[0]?.name, 'mine', 'label of the pin')
    await fails(store.putDirectory(two, { name: { name: 'it', ifCurrent: null } }), 'conflict')
    await noDirectory(store, two)
  }),
  near('directory: an aborted call rejects with the reason', [], async ({ open }) => {
    const store = await open()
    const directory = folder({})
    const reason = new Error('changed my mind')
    const options = { signal: AbortSignal.abort(reason) }
    await rejectsWith(store.putDirectory(directory, options), reason)
    await noDirectory(store, directory)
    await rejectsWith(store.directory(directory.cid, options), reason)
  }),
  near('directory: takes the members along that came with it', [], async ({ open }) => {
    const store = await open()
    const [one, two, shared] = [await blobOf(100), await blobOf(101), await blobOf(102)]
    for (const blob of [one, two, shared]) await putMember(store, blob)
    const inner = folder({ two })
    const [outer, other] = [folder({ inner, one, shared }), folder({ shared })]
    await store.putDirectory(inner, { member: true })
    await store.putDirectory(outer)
    await store.putDirectory(other)
    same(await store.delete(outer.cid), true, 'delete')
    for (const directory of [outer, inner]) await noDirectory(store, directory)
    for (const blob of [one, two]) await isAbsent(store, blob)
    await isPresent(store, shared)
    same(await store.delete(other.cid), true, 'delete of the last holder')
    await isAbsent(store, shared)
  }),
  near('directory: leaves what was put by itself, before or after', [], async ({ open }) => {
    const store = await open()
    const [before, after] = [await blobOf(100), await blobOf(101)]
    await store.put(before)
    await putMember(store, before)
    await putMember(store, after)
    await store.put(after)
    const inner = folder({ before })
    const outer = folder({ inner, after })
    await store.putDirectory(inner)
    await store.putDirectory(inner, { member: true })
    await store.putDirectory(outer)
    await store.delete(outer.cid)
    check((await store.directory(inner.cid)) !== undefined, 'took a directory along that was put by itself')
    for (const blob of [before, after]) await isPresent(store, blob)
  }),
  near('directory: leaves a member that is pinned or has a name', [], async ({ open }) => {
    const store = await open()
    const [pinned, named] = [await blobOf(100), await blobOf(101)]
    for (const blob of [pinned, named]) await putMember(store, blob)
    const directory = folder({ pinned, named })
    await store.putDirectory(directory)
    await store.catalog.pins.set(pinned.cid)
    await store.catalog.names.set({ name: 'it' }, named.cid)
    await store.delete(directory.cid)
    for (const blob of [pinned, named]) await isPresent(store, blob)
    sameCid(await store.catalog.names.get('it'), named.cid, 'name')
  }),
  near('delete: what a directory holds fails with conflict', [], async ({ open }) => {
    const store = await open()
    const [member, standing] = [await blobOf(100), await blobOf(101)]
    await putMember(store, member)
    await store.put(standing)
    const inner = folder({ member })
    const outer = folder({ inner, standing })
    await store.putDirectory(inner, { member: true })
    await store.putDirectory(outer)
    for (const { cid } of [member, standing, inner]) await fails(store.delete(cid), 'conflict')
    for (const blob of [member, standing]) await isPresent(store, blob)
    await store.delete(outer.cid)
    same(await store.delete(standing.cid), true, 'delete afterwards')
  }),
  near('delete: what lies below a pinned directory fails with pinned', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(100)
    await putMember(store, blob)
    const inner = folder({ blob })
    const outer = folder({ inner })
    await store.putDirectory(inner, { member: true })
    await store.putDirectory(outer, { pin: true })
    for (const { cid } of [blob, inner, outer]) await fails(store.delete(cid), 'pinned')
    await isPresent(store, blob)
    await store.catalog.pins.remove(outer.cid)
    await fails(store.delete(blob.cid), 'conflict')
    same(await store.delete(outer.cid), true, 'delete of the unpinned')
    await isAbsent(store, blob)
  }),
  near('delete: force takes what a directory holds', [], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(100)
    await putMember(store, blob)
    const directory = folder({ blob })
    await store.putDirectory(directory, { pin: true })
    same(await store.delete(blob.cid, { force: true }), true, 'delete of a member')
    await isAbsent(store, blob)
    check((await store.verify(directory.cid)).length > 0, 'calls a torn directory good')
    same(await store.delete(directory.cid, { force: true }), true, 'delete of the directory')
    await noDirectory(store, directory)
  }),
]
