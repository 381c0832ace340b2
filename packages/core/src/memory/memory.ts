import type { NearStore } from '../spi/near-store.ts'
import { catalog } from './catalog.ts'
import { releaseClaims } from './copies.ts'
import { blobOf, bytesHeld, memoryContents, type MemoryContents } from './contents.ts'
import { deleteContent } from './delete.ts'
import { directory, putDirectory } from './directories.ts'
import { findBlock } from './find-block.ts'
import { evictContent, gc } from './gc.ts'
import { leases } from './leases.ts'
import { partials } from './partial.ts'
import { read } from './read.ts'
import { scratch } from './scratch.ts'
import { session } from './session.ts'
import { ingest, put } from './take-in.ts'
import { verify } from './verify.ts'

export interface MemoryOptions {
  /** Default `memory`. */
  readonly name?: string | undefined
  /** What it holds, which outlives it: pass the same contents again to open them again. Default: new and empty. */
  readonly contents?: MemoryContents | undefined
  /** Default: the system's clock. */
  readonly now?: (() => Date) | undefined
}

/**
 * A near store that keeps everything in memory: for tests, for programs that want nothing on disk, and as the
 * plainest statement of what a near store does. It has no files, so it has no `path`, `directoryPath` and `ingestFile`.
 */
export function memory(options: MemoryOptions = {}): NearStore {
  const { name = 'memory', contents = memoryContents(), now = () => new Date() } = options
  const open = session(contents, now)
  const held = leases(open)
  const records = catalog(open)
  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves' },
    catalog: records,
    async stat(cid, options) {
      open.begin(options)
      const blob = blobOf(contents, cid)
      return blob && { cid: blob.cid, size: blob.size }
    },
    async outboard(cid, options) {
      open.begin(options)
      return blobOf(contents, cid)?.outboard.slice()
    },
    async *list(options) {
      open.begin(options)
      const entries = [...contents.entries.values()]
      for (const { kind, cid, size } of entries) {
        open.begin(options)
        if (kind === 'blob') yield { cid, size }
      }
    },
    async pin(cid, options) {
      open.begin(options)
      return records.pins.set(cid)
    },
    async unpin(cid, options) {
      open.begin(options)
      return records.pins.remove(cid)
    },
    async lease(cid) {
      return held.take(cid)
    },
    async scratch() {
      open.begin()
      return scratch(open)
    },
    async usage() {
      open.begin()
      const kinds = [...contents.entries.values()].map(({ kind }) => kind)
      const partial = [...contents.partials.values()].flatMap(({ leaves }) => [...leaves.values()])
      return {
        blobs: kinds.filter((kind) => kind === 'blob').length,
        directories: kinds.filter((kind) => kind === 'directory').length,
        bytes: bytesHeld(contents),
        partialBytes: partial.reduce((sum, { length }) => sum + length, 0),
      }
    },
    async health(options) {
      open.begin(options)
      return { reachable: true, latency: 0 }
    },
    async close() {
      held.releaseAll()
      releaseClaims(open)
      open.end()
    },
    read: (cid, options) => read(open, cid, options),
    put: (blob, options) => put(open, blob, options),
    delete: (cid, options) => deleteContent(open, cid, options),
    ingest: (source, options) => ingest(open, source, options),
    partial: partials(open),
    putDirectory: (given, options) => putDirectory(open, given, options),
    directory: (cid, options) => directory(open, cid, options),
    verify: (cid, options) => verify(open, cid, options),
    evict: (cid, options) => evictContent(open, cid, options),
    gc: (options) => gc(open, options),
    findBlock: (digest, options) => findBlock(open, digest, options),
  }
}
