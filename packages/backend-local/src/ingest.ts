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
  type Layout,
} from '@stowage/core/spi'
import { assertCommit } from './commit.ts'
import { tagged } from './errors.ts'
import { addTo, fixedLeafSize, leavesIn, pieces, type Leaf } from './leaf-sizes.ts'
import { ingestSmall, smallLimit, wantsDigest } from './ingest-small.ts'
import { peek } from './peek.ts'
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
  const limit = smallLimit(options.layout)
  if (limit < 0) return ingestLeaves(session, tagged(source), options, signal)
  const { bytes, body } = await peek(tagged(source), limit, signal)
  if (bytes !== undefined) return ingestSmall(session, bytes, options, signal)
  try {
    return await ingestLeaves(session, body, options, signal)
  } finally {
    await body.return?.()
  }
}

function ingestLeaves(session: Session, source: Body, options: IngestOptions, signal: AbortSignal): Promise<Ingested> {
  return withStaging(session, async (staging) => {
    const taken = await takeIn(staging, source, options, signal)
    return finish(session, { path: staging.path, durable: staging.done() }, taken, options, signal)
  })
}

export interface Taken extends Built {
  readonly sha256: Uint8Array | undefined
}

/** Content in a temporary file. */
export interface Arrived {
  readonly path: string
  /** Resolves when it can be relied on. */
  readonly durable: Promise<void>
}

/** Bytes that a worker hashes and writes at a time, where the layout leaves that open. */
const RUN = 2 * 1024 * 1024

async function takeIn(staging: Staging, source: Body, options: IngestOptions, signal: AbortSignal): Promise<Taken> {
  const { layout = defaultLayout, onBytes } = options
  const builder = treeBuilder(layout)
  const whole = wantsDigest(options) ? createHash('sha256') : undefined
  const leafSize = fixedLeafSize(layout)
  const splitter = leafSize === undefined ? layout.splitter : pieces(leafSize * Math.max(1, Math.floor(RUN / leafSize)))
  const flying = 2 * hashPool().size + 1
  const buffers = bufferRing(flying + 1, splitter.maxLeafSize)
  const arrived = createWindow<readonly Leaf[]>(flying, (leaves) => addTo(builder, leaves))
  let bytes = 0
  try {
    for await (const piece of splitLeaves(source, splitter, { signal, buffers })) {
      whole?.update(piece)
      const written = appendPiece(staging, layout, piece, leafSize ?? piece.length)
      await arrived.push(written.finally(() => buffers.give(piece)))
      onBytes?.((bytes += piece.length))
    }
    await arrived.finish()
  } finally {
    await arrived.settle()
  }
  return { ...builder.finish(), sha256: whole && new Uint8Array(whole.digest()) }
}

/** Writes and hashes leaves of one size, and behind them what is too short for one. */
async function appendPiece(staging: Staging, layout: Layout, piece: Uint8Array, leafSize: number): Promise<Leaf[]> {
  const parts = borders(piece.length, leafSize).map(async ([from, to]) => {
    const part = piece.subarray(from, to)
    const frame = leafFrame(layout, Math.min(part.length, leafSize))
    const one = part.length <= leafSize
    const digests = await (one ? staging.append(part, frame) : staging.appendLeaves(part, { leafSize, frame }))
    return leavesIn(digests, part.length, leafSize)
  })
  // Nobody may take the memory back while one of them is still at it.
  await Promise.allSettled(parts)
  return (await Promise.all(parts)).flat()
}

/** Where the whole leaves lie, and what is behind them; an empty leaf is one, too. */
function borders(length: number, leafSize: number): readonly (readonly [number, number])[] {
  if (length <= leafSize) return [[0, length]]
  const end = length - (length % leafSize)
  if (end === length) return [[0, end]]
  return [
    [0, end],
    [end, length],
  ]
}

/** Checks what was expected, and publishes. */
export async function finish(
  session: Session,
  arrived: Arrived,
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
    { cid, size, ...arrived, directory: false, outboard: leaves, alias },
    options,
    signal,
  )
  return { ...published, size, outboard, ...(sha256 !== undefined && { sha256 }) }
}

/** The outboard, unless it says nothing: a single leaf has no interior. */
export function outboardFile({ cid, outboard }: Pick<Built, 'cid' | 'outboard'>): Uint8Array | undefined {
  return outboard.length > serialiseOutboard(cid, []).length ? outboard : undefined
}
