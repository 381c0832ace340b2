import {
  layouts,
  leafBlock,
  outboardBlocks,
  parseOutboard,
  sha256,
  type NearStore,
  type OutboardBlock,
} from '@stowage/core/spi'
import type { ConformanceCase } from '../../case.ts'
import { bytesOf, check, rejectsWith, same, sameBytes, sameCid } from '../../check.ts'
import { blobOf, bodyOf, LEAF, sizes, smallLeaves, type Fixture } from '../../fixtures.ts'
import { folder } from './directories.ts'
import { near } from './shared.ts'

function find(store: NearStore, digest: Uint8Array): ReturnType<NonNullable<NearStore['findBlock']>> {
  check(store.findBlock !== undefined, 'has no findBlock')
  return store.findBlock(digest)
}

function blocksOf({ outboard, cid, size }: Fixture): readonly OutboardBlock[] {
  return [...outboardBlocks(parseOutboard(outboard, cid, size))]
}

/** Every block is found, and where it is found it can be read. */
async function isFound(store: NearStore, blob: Fixture): Promise<void> {
  const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
  for (const { cid, leaf } of blocksOf(blob)) {
    const { digest } = cid.multihash
    const place = await find(store, digest)
    check(place !== undefined, `has no ${cid} of a blob of ${blob.size} bytes`)
    sameCid(place.cid, blob.cid, 'the blob')
    if (leaf === undefined) {
      same(place.leaf, undefined, 'leaf of a node')
      continue
    }
    check(place.leaf !== undefined, 'a leaf is a node')
    const range = { offset: outboard.leaves.offset(place.leaf), length: outboard.leaves.length(place.leaf) }
    const block = leafBlock(outboard, place.leaf, await bytesOf((await store.read(place.cid, range)).body))
    check(block !== undefined, 'the leaf has other bytes')
    sameBytes(sha256(block.bytes), digest, 'digest')
  }
}

async function isGone(store: NearStore, blob: Fixture): Promise<void> {
  for (const { cid } of blocksOf(blob)) check((await find(store, cid.multihash.digest)) === undefined, 'has a block')
}

export const blockCases: readonly ConformanceCase<NearStore>[] = [
  near('findBlock: knows every block of blobs of every size and layout', ['findBlock'], async ({ open }) => {
    const store = await open()
    const blobs = [
      ...(await Promise.all(sizes.map(({ size }) => blobOf(size, { seed: size })))),
      await blobOf(64 * 1025 + 7, { layout: smallLeaves, seed: 900 }),
      await blobOf(3 * 262_144 + 7, { layout: layouts['unixfs-v0-2015'], seed: 901 }),
      await blobOf(300, { layout: layouts['unixfs-v0-2015'], seed: 902 }),
    ]
    for (const blob of blobs) await store.put(blob)
    for (const blob of blobs) await isFound(store, blob)
  }),
  near('findBlock: knows what came after it was first asked', ['findBlock'], async ({ open }) => {
    const store = await open()
    const [first, second] = [await blobOf(LEAF + 1, { seed: 910 }), await blobOf(LEAF + 2, { seed: 911 })]
    await store.put(first)
    await isFound(store, first)
    await isGone(store, second)
    await store.put(second)
    await isFound(store, second)
  }),
  near('findBlock: forgets what is deleted, and keeps what another blob shares', ['findBlock'], async ({ open }) => {
    const store = await open()
    const [one, two] = [await blobOf(LEAF + 1, { seed: 920 }), await blobOf(LEAF + 5, { seed: 920 })]
    const shared = blocksOf(one).find(({ leaf }) => leaf === 0)?.cid.multihash.digest
    check(shared !== undefined, 'the fixture has no leaf')
    await store.put(one)
    await store.put(two)
    check((await find(store, shared)) !== undefined, 'has no shared leaf')
    await store.delete(one.cid)
    sameCid((await find(store, shared))?.cid, two.cid, 'the blob that is left')
    await store.delete(two.cid)
    for (const blob of [one, two]) await isGone(store, blob)
    await store.put(one)
    await isFound(store, one)
  }),
  near('findBlock: knows the nodes of directories', ['findBlock'], async ({ open }) => {
    const store = await open()
    const blob = await blobOf(11)
    await store.ingest(bodyOf(blob.bytes), { member: true })
    const many = folder(Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`entry ${index}`, blob])))
    check(many.nodes.length > 1, 'the fixture has one node only')
    const few = folder({ blob })
    for (const directory of [many, few]) await store.putDirectory(directory)
    for (const directory of [many, few]) {
      for (const { cid } of [...directory.nodes.slice(0, 5), ...directory.nodes.slice(-5)]) {
        const place = await find(store, cid.multihash.digest)
        sameCid(place?.cid, directory.cid, 'the directory')
        same(place?.leaf, undefined, 'leaf')
      }
    }
    await store.delete(many.cid)
    for (const { cid } of many.nodes.slice(-5))
      check((await find(store, cid.multihash.digest)) === undefined, 'has a node')
  }),
  near('findBlock: survives a reopening', ['findBlock', 'reopen'], async ({ open, reopen }) => {
    const store = await open()
    const blob = await blobOf(LEAF + 1, { seed: 930 })
    await store.put(blob)
    await isFound(store, blob)
    const again = await reopen(store)
    await isFound(again, blob)
    await again.delete(blob.cid)
    await isGone(await reopen(again), blob)
  }),
  near('findBlock: of what is no digest, or of nobody, is undefined', ['findBlock'], async ({ open }) => {
    const store = await open()
    for (const length of [0, 5, 32, 64])
      check((await find(store, new Uint8Array(length).fill(7))) === undefined, 'found something')
  }),
  near('findBlock: an aborted call rejects with the reason', ['findBlock'], async ({ open }) => {
    const store = await open()
    check(store.findBlock !== undefined, 'has no findBlock')
    const reason = new Error('changed my mind')
    await rejectsWith(store.findBlock(new Uint8Array(32), { signal: AbortSignal.abort(reason) }), reason)
  }),
]
