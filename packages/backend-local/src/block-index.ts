import { StorageError, outboardBlocks, type Block, type Outboard } from '@stowage/core/spi'
import { loadOutboard } from './blob.ts'
import { addBlock, blockSetOf, markIndexed, orphanedSet, shrinkSet, unindexed } from './catalog/blocks.ts'
import { findByKey, type BlobRow } from './catalog/records.ts'
import { readNodes } from './directory.ts'
import type { Session } from './session.ts'
import { takeTurns } from './turns.ts'

/** Keeps `blocks` up to date for those who ask for blocks. Nothing happens for anybody else. */
export interface BlockIndex {
  /** Takes in what is not in it yet, in slices. At once where there is nothing. */
  refresh(): Promise<void>
  /** Forgets the blocks of blobs that are gone, in slices. */
  sweep(): Promise<void>
}

/** Milliseconds of work in one change, so that this thread and other processes get their turn. */
const SLICE = 4
/** Done in one change even if that takes longer. */
const AT_LEAST = 16
/** Bytes of outboards at hand at a time. */
const AT_HAND = 8 * 1024 * 1024

type Indexing = Pick<Session, 'dir' | 'database' | 'writer' | 'life' | 'outboards'>

interface Pending {
  readonly row: BlobRow
  readonly blocks: Iterator<PlacedBlock>
}

/** As in `blocks`: the leaf, or -1 - n for node n. */
interface PlacedBlock {
  readonly place: number
  readonly digest: Uint8Array
}

export function createBlockIndex(session: Indexing): BlockIndex {
  const { database, writer, life } = session
  /** Blobs whose outboard or nodes are damaged, with their trust then: they are tried again once that changed. */
  const unusable = new Map<number, string | null>()
  let running: Promise<void> | undefined

  async function refresh(): Promise<void> {
    await sweep()
    let last = 0
    for (;;) {
      const page = unindexed(database, last)
      const end = page.at(-1)
      if (end === undefined) return
      last = end.id
      await takeInAll(page)
    }
  }

  async function takeInAll(page: readonly BlobRow[]): Promise<void> {
    let batch: Pending[] = []
    let bytes = 0
    for (const row of page) {
      await takeTurns()
      const blocks = await blocksOf(row)
      if (blocks === undefined) continue
      batch.push({ row, blocks })
      bytes += row.outboard
      if (bytes < AT_HAND) continue
      await takeIn(batch)
      batch = []
      bytes = 0
    }
    await takeIn(batch)
  }

  async function takeIn(batch: Pending[]): Promise<void> {
    const left = batch.reverse()
    while (left.length > 0) {
      await takeTurns()
      await writer.write(() => slice(left), life.closing)
    }
  }

  function slice(left: Pending[]): void {
    const until = performance.now() + SLICE
    let done = 0
    for (let next = left.at(-1); next !== undefined; next = left.at(-1)) {
      const { row, blocks } = next
      const isThere = findByKey(database, row.key)?.id === row.id
      const set = isThere ? blockSetOf(database, row.id) : 0
      for (let block = isThere ? blocks.next() : undefined; block?.done === false; block = blocks.next()) {
        addBlock(database, set, block.value.place, block.value.digest)
        if (++done >= AT_LEAST && performance.now() > until) return
      }
      if (isThere) markIndexed(database, row.id)
      left.pop()
    }
  }

  /** `undefined`: not to be had now. */
  async function blocksOf(row: BlobRow): Promise<Iterator<PlacedBlock> | undefined> {
    if (unusable.has(row.id) && unusable.get(row.id) === row.trust) return undefined
    try {
      return row.directory === 1 ? nodesOf(await readNodes(session, row)) : blocksIn(await loadOutboard(session, row))
    } catch (error) {
      if (!StorageError.is(error, 'integrity')) throw error
      unusable.set(row.id, findByKey(database, row.key)?.trust ?? null)
      return undefined
    }
  }

  return {
    refresh: () => (running ??= refresh().finally(() => (running = undefined))),
    sweep,
  }

  async function sweep(): Promise<void> {
    for (let set = orphanedSet(database); set !== undefined; set = orphanedSet(database)) {
      await takeTurns()
      const orphaned = set
      await writer.write(() => {
        for (const until = performance.now() + SLICE; performance.now() < until;)
          if (shrinkSet(database, orphaned)) return
      }, life.closing)
    }
  }
}

function* nodesOf(nodes: readonly Block[]): Generator<PlacedBlock> {
  for (const [node, { cid }] of nodes.entries()) yield { place: -1 - node, digest: cid.multihash.digest }
}

function* blocksIn(outboard: Outboard): Generator<PlacedBlock> {
  for (const block of outboardBlocks(outboard))
    yield { place: block.leaf ?? -1 - block.node, digest: block.cid.multihash.digest }
}
