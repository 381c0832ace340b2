import { createHash } from 'node:crypto'
import {
  RAW,
  assertExpected,
  bufferRing,
  defaultLayout,
  hashPool,
  leafFrame,
  serialiseOutboard,
  sha256Alias,
  splitLeaves,
  treeBuilder,
  type Body,
  type Built,
  type IngestOptions,
  type Ingested,
} from '@stowage/core/spi'
import { assertCommit } from './commit.ts'
import { tagged } from './errors.ts'
import { publish } from './publish.ts'
import type { Session } from './session.ts'
import { withStaging, type Staging } from './staging.ts'
import { createWindow } from './window.ts'

/** A stream's way in: hashed and written leaf by leaf, several at once, and published when its id is known. */
export async function ingest(
  session: Session,
  source: Body,
  options: IngestOptions,
  signal: AbortSignal,
): Promise<Ingested> {
  assertCommit(session, options)
  return withStaging(session, async (staging) => {
    const taken = await takeIn(staging, source, options, signal)
    return finish(session, staging.path, taken, options, signal)
  })
}

export interface Taken extends Built {
  readonly sha256: Uint8Array | undefined
}

async function takeIn(staging: Staging, source: Body, options: IngestOptions, signal: AbortSignal): Promise<Taken> {
  const { layout = defaultLayout, onBytes } = options
  const builder = treeBuilder(layout)
  const whole = wantsDigest(options) ? createHash('sha256') : undefined
  const flying = 2 * hashPool().size
  const buffers = bufferRing(flying + 1, layout.splitter.maxLeafSize)
  const leaves = createWindow<{ digest: Uint8Array; size: number }>(flying, ({ digest, size }) =>
    builder.leaf(digest, size),
  )
  let bytes = 0
  try {
    for await (const leaf of splitLeaves(tagged(source), layout.splitter, { signal, buffers })) {
      whole?.update(leaf)
      const size = leaf.length
      const written = staging.append(leaf, leafFrame(layout, size)).finally(() => buffers.give(leaf))
      await leaves.push(written.then((digest) => ({ digest, size })))
      onBytes?.((bytes += size))
    }
    await leaves.finish()
    await staging.done()
  } finally {
    await leaves.settle()
  }
  return { ...builder.finish(), sha256: whole && new Uint8Array(whole.digest()) }
}

/** Checks what was expected, and publishes. The file is durable. */
export async function finish(
  session: Session,
  path: string,
  taken: Taken,
  options: IngestOptions,
  signal: AbortSignal,
): Promise<Ingested> {
  const { cid, size, outboard, sha256 = taken.cid.code === RAW ? taken.cid.multihash.digest : undefined } = taken
  assertExpected({ cid, sha256 }, options.expect)
  const alias = sha256 !== undefined && wantsDigest(options) ? sha256Alias(sha256) : undefined
  const leaves = outboardFile(taken)
  const published = await publish(
    session,
    { cid, size, path, directory: false, outboard: leaves, alias },
    options,
    signal,
  )
  return { ...published, size, outboard, ...(sha256 !== undefined && { sha256 }) }
}

/** True when the digest of all bytes is needed, whatever the leaves are. */
export function wantsDigest({ alias, expect }: IngestOptions): boolean {
  return alias === true || expect?.sha256 !== undefined
}

/** The outboard, unless it says nothing: a single leaf has no interior. */
export function outboardFile({ cid, outboard }: Pick<Built, 'cid' | 'outboard'>): Uint8Array | undefined {
  return outboard.length > serialiseOutboard(cid, []).length ? outboard : undefined
}
