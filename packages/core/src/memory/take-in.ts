import { createHash } from 'node:crypto'
import type { CID } from 'multiformats/cid'
import { throwIfAborted } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { sha256Alias } from '../ref/sha256-alias.ts'
import { sha256 } from '../hash/digest.ts'
import { leafMatches } from '../outboard/leaf.ts'
import { parseOutboard } from '../outboard/parse.ts'
import type { BlobSource, Body, CallOptions } from '../spi/backend.ts'
import type { CommitOptions, IngestOptions, Ingested } from '../spi/near-store.ts'
import { chunksOf } from '../content/chunks-of.ts'
import { assertExpected } from '../unixfs/assert-expected.ts'
import { splitLeaves } from '../unixfs/ingest.ts'
import { defaultLayout } from '../unixfs/layouts.ts'
import { leafFrame, treeBuilder } from '../unixfs/tree.ts'
import { assertChange, commit } from './commit.ts'
import { blobOf } from './contents.ts'
import { isGood } from './read.ts'
import type { Session } from './session.ts'

/** Stores bytes of which nothing is known yet: cuts them into leaves, and finds their CID on the way. */
export async function ingest(session: Session, source: Body, options: IngestOptions = {}): Promise<Ingested> {
  const signal = session.begin(options)
  const { layout = defaultLayout, expect, alias = false, onBytes } = options
  if (options.name !== undefined) assertChange(session.contents, options.name)
  const tree = treeBuilder(layout)
  const whole = alias || expect?.sha256 !== undefined ? createHash('sha256') : undefined
  const leaves: Uint8Array[] = []
  let taken = 0
  for await (const leaf of splitLeaves(source, layout.splitter, { signal })) {
    throwIfAborted(signal)
    tree.leaf(sha256(leaf, leafFrame(layout, leaf.length)), leaf.length)
    whole?.update(leaf)
    leaves.push(leaf)
    onBytes?.((taken += leaf.length))
  }
  throwIfAborted(signal)
  const { cid, size, outboard } = tree.finish()
  const digest = whole === undefined ? undefined : new Uint8Array(whole.digest())
  assertExpected({ cid, sha256: digest }, expect)
  const bytes = new Uint8Array(Buffer.concat(leaves))
  const stored = store(session, { cid, size, outboard, bytes }, options)
  if (digest !== undefined) session.contents.aliases.set(sha256Alias(digest), cid)
  return { ...stored, ...(digest !== undefined && { sha256: digest }) }
}

/** Stores a blob whose CID is known, after a look at every leaf. */
export async function put(session: Session, blob: BlobSource, options: CallOptions = {}): Promise<void> {
  const signal = session.begin(options)
  const { cid, size } = blob
  const given = new Uint8Array(blob.outboard)
  const outboard = parseOutboard(given, cid, size)
  const bytes = await exactly(blob.open({ signal }), size, cid, signal)
  for (let leaf = 0; leaf < outboard.leaves.count; leaf++) {
    const start = outboard.leaves.offset(leaf)
    if (leafMatches(outboard, leaf, bytes.subarray(start, start + outboard.leaves.length(leaf)))) continue
    throw new StorageError('integrity', `leaf ${leaf} does not belong to ${cid}`, { operation: 'put', cid })
  }
  throwIfAborted(signal)
  store(session, { cid, size, outboard: given, bytes }, {})
}

async function exactly(body: Body, size: number, cid: CID, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let filled = 0
  for await (const chunk of chunksOf(body, signal)) {
    if (filled + chunk.length <= size) bytes.set(chunk, filled)
    filled += chunk.length
    if (filled > size) break
  }
  if (filled === size) return bytes
  const what = filled > size ? 'more' : 'less'
  throw new StorageError('integrity', `the source of ${cid} gave ${what} than ${size} bytes`, { operation: 'put', cid })
}

/** Makes verified bytes visible. A good copy that was here already is kept, a rotten one is replaced. */
export function store(
  { contents, now }: Session,
  blob: { readonly cid: CID; readonly size: number; readonly outboard: Uint8Array; readonly bytes: Uint8Array },
  options: CommitOptions,
): Ingested {
  const before = blobOf(contents, blob.cid)
  const deduplicated = isGood(before)
  const { bytes, outboard } = deduplicated && before !== undefined ? before : blob
  commit(contents, { kind: 'blob', cid: blob.cid, size: blob.size, bytes, outboard }, options, now())
  return { cid: before?.cid ?? blob.cid, size: blob.size, outboard: outboard.slice(), deduplicated }
}
