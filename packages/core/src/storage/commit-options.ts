import type { CID } from 'multiformats/cid'
import { RAW } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { assertName } from '../ref/assert-name.ts'
import { parseRef } from '../ref/parse-ref.ts'
import { digestOfAlias } from '../ref/sha256-alias.ts'
import type { CommitOptions, IngestOptions, NearStore } from '../spi/near-store.ts'
import { copyPlan } from './far/replicate.ts'
import { layoutOf } from './layout-option.ts'
import { quoteRef, tryResolve } from './resolve.ts'
import type { Context } from './context.ts'
import type { PutOptions, Ref } from './types.ts'

/** What `put` asks of the step that makes content visible. Everything is checked before a byte is read. */
export function commitOptions(context: Context, options: PutOptions, signal: AbortSignal): CommitOptions {
  if (options.name !== undefined) assertName(options.name)
  return {
    signal,
    name: options.name === undefined ? undefined : { name: options.name },
    pin: options.pin ?? context.pinByDefault,
    copies: copyPlan(context, options).queued,
  }
}

export async function ingestOptions(
  context: Context,
  options: PutOptions,
  signal: AbortSignal,
): Promise<IngestOptions> {
  return {
    ...commitOptions(context, options, signal),
    layout: layoutOf(options),
    alias: options.alias,
    expect: options.expect === undefined ? undefined : await expectation(context.near, options.expect),
  }
}

/**
 * A raw CID is expected as the digest of all bytes: it names a one-leaf blob, and equally a larger file by its
 * SHA-256, as the Hugging Face Hub does.
 */
async function expectation(near: NearStore, expect: Ref): Promise<{ cid: CID } | { sha256: Uint8Array }> {
  const parsed = parseRef(expect)
  if (parsed.kind === 'alias') return { sha256: digestOfAlias(parsed.alias) }
  const cid = await tryResolve(near, expect)
  if (cid === undefined) {
    throw new StorageError(
      'invalid-cid',
      `expect: ${quoteRef(expect)} is neither a CID nor a digest, nor the name of stored content.`,
    )
  }
  return cid.code === RAW ? { sha256: cid.multihash.digest } : { cid }
}
