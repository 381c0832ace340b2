import {
  assertExpected,
  defaultLayout,
  rawCid,
  serialiseOutboard,
  sha256,
  sha256Alias,
  throwIfAborted,
  type IngestOptions,
  type Ingested,
  type Layout,
} from '@stowage/core/spi'
import { assertCommit } from './commit.ts'
import { fixedLeafSize } from './leaf-sizes.ts'
import { SMALL } from './pack/record.ts'
import { publishPacked } from './publish-packed.ts'
import type { Session } from './session.ts'

/** So many bytes become one raw leaf that a pack takes; -1: in this layout none do. */
export function smallLimit(layout: Layout = defaultLayout): number {
  const leafSize = fixedLeafSize(layout)
  return leafSize === undefined || layout.leaves !== 'raw' || layout.cidVersion !== 1 ? -1 : Math.min(SMALL, leafSize)
}

/** Bytes that become one small raw leaf. */
export async function ingestSmall(
  session: Session,
  bytes: Uint8Array,
  options: IngestOptions,
  signal: AbortSignal,
): Promise<Ingested> {
  assertCommit(session, options)
  throwIfAborted(signal)
  const digest = sha256(bytes)
  const cid = rawCid(digest)
  const size = bytes.length
  assertExpected({ cid, sha256: digest }, options.expect)
  const alias = wantsDigest(options) ? sha256Alias(digest) : undefined
  options.onBytes?.(size)
  const published = await publishPacked(session, { cid, digest, bytes, alias }, options, signal)
  return {
    ...published,
    size,
    sha256: digest,
    // Hardly anybody asks for the outboard of a single leaf.
    get outboard() {
      return serialiseOutboard(cid, [])
    },
  }
}

/** True when the digest of all bytes is needed, whatever the leaves are. */
export function wantsDigest({ alias, expect }: IngestOptions): boolean {
  return alias === true || expect?.sha256 !== undefined
}
