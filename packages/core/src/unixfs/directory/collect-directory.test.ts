import { hash } from 'node:crypto'
import { encode } from '@ipld/dag-pb'
import type { CID } from 'multiformats/cid'
import { expect, it } from 'vitest'
import { cidKey } from '../../cid/key.ts'
import { dagPbCid, rawCid } from '../../cid/make.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Block } from '../../spi/near-store.ts'
import { encodeUnixFs } from '../message.ts'
import { buildDirectory } from './build-directory.ts'
import { collectDirectory } from './collect-directory.ts'
import { slotPrefix } from './hamt.ts'

const leaf: CID = rawCid(hash('sha256', 'leaf', 'buffer'))

function shardTo(targets: readonly CID[]): Block {
  const links = targets.map((target, slot) => ({ Name: slotPrefix(slot), Hash: target, Tsize: 0 }))
  const bytes = encode({ Data: encodeUnixFs({ type: 5, hashType: 0x22, fanout: 256 }), Links: links })
  return { cid: dagPbCid(hash('sha256', bytes, 'buffer'), 1), bytes }
}

/** Gives these blocks, and counts how often it was asked. */
function store(blocks: readonly Block[]): { get: (cid: CID) => Promise<Block>; asked: () => number } {
  const byKey = new Map(blocks.map((block) => [cidKey(block.cid), block]))
  let asked = 0
  return {
    asked: () => asked,
    async get(cid) {
      asked++
      const found = byKey.get(cidKey(cid))
      if (found === undefined) throw new StorageError('not-found', `No block ${cid}.`)
      return found
    },
  }
}

/** Shards that all link the next one from every slot. */
function ladder(levels: number): Block[] {
  const shards = [shardTo([])]
  while (shards.length < levels) shards.unshift(shardTo(Array.from({ length: 256 }, () => (shards[0] as Block).cid)))
  return shards
}

it.each([0, 1, 20_000])(
  'gathers the nodes of a directory of %d entries, in the order they were built',
  async (count) => {
    const entries = Array.from({ length: count }, (_, i) => ({ name: `name-${i}`, cid: leaf, size: 4, dagSize: 4 }))
    const { nodes } = buildDirectory(entries)
    expect(await collectDirectory(nodes[0] as Block, store(nodes).get)).toEqual(nodes)
  },
)

it('fetches a shard once, from however many slots it is linked', async () => {
  const shards = ladder(8)
  const { get, asked } = store(shards)
  expect(await collectDirectory(shards[0] as Block, get)).toEqual(shards)
  expect(asked()).toBe(7)
})

it('refuses shards deeper than the hash reaches', async () => {
  const shards = ladder(9)
  await expect(collectDirectory(shards[0] as Block, store(shards).get)).rejects.toMatchObject({ code: 'integrity' })
})

it('passes the failure to get a node on', async () => {
  const root = shardTo([shardTo([leaf]).cid])
  await expect(collectDirectory(root, store([]).get)).rejects.toMatchObject({ code: 'not-found' })
})
