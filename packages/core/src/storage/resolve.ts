import type { CID } from 'multiformats/cid'
import { RAW, rawCid } from '../cid/make.ts'
import { assertStorable } from '../cid/storable.ts'
import { StorageError } from '../errors/storage-error.ts'
import { parseRef } from '../ref/parse-ref.ts'
import { digestOfAlias, sha256Alias } from '../ref/sha256-alias.ts'
import type { CallOptions } from '../spi/backend.ts'
import type { NearStore } from '../spi/near-store.ts'
import type { DirectoryNodes } from '../unixfs/directory/directory-links.ts'
import { findEntry } from '../unixfs/directory/find-entry.ts'
import type { Context } from './context.ts'
import type { Ref } from './types.ts'

export interface ResolveOptions extends CallOptions {
  /** Where directories are asked for that are not near. */
  readonly far?: Context['far']
}

/**
 * The CID that a ref names, or `undefined` when nothing here says. A plain CID is its own answer, whether its content
 * is here or not; names and aliases ask the near store, paths also the far tiers. `unsupported` for a CID whose codec or hash cannot be stored.
 */
export async function tryResolve(near: NearStore, ref: Ref, options?: ResolveOptions): Promise<CID | undefined> {
  const parsed = parseRef(ref)
  switch (parsed.kind) {
    case 'name':
      return near.catalog.names.get(parsed.name)
    case 'alias':
      return resolveAlias(near, parsed.alias)
    case 'cid': {
      assertStorable(parsed.cid)
      const cid = await throughAlias(near, parsed.cid)
      return parsed.path.length === 0 ? cid : walkPath(near, cid, parsed.path, options)
    }
  }
}

/** Like `tryResolve`; `not-found` where that has no answer. */
export async function resolveRef(near: NearStore, ref: Ref, options?: ResolveOptions): Promise<CID> {
  const cid = await tryResolve(near, ref, options)
  if (cid === undefined) throw new StorageError('not-found', `Nothing is stored under ${quoteRef(ref)}.`)
  return cid
}

/** Like `tryResolve` for calls to which a CID that cannot be stored is a miss like any other. */
export async function resolveOrMiss(near: NearStore, ref: Ref, options?: ResolveOptions): Promise<CID | undefined> {
  try {
    return await tryResolve(near, ref, options)
  } catch (error) {
    if (StorageError.is(error, 'unsupported')) return undefined
    throw error
  }
}

/** A ref as it stands in a message: cut to a sensible length, control characters escaped. */
export function quoteRef(ref: Ref): string {
  const text = String(ref)
  return JSON.stringify(text.length > 120 ? `${text.slice(0, 117)}...` : text)
}

async function resolveAlias(near: NearStore, alias: string): Promise<CID | undefined> {
  const leaf = rawCid(digestOfAlias(alias))
  return (await near.stat(leaf)) === undefined ? near.catalog.aliases.get(alias) : leaf
}

/** A raw CID may be the SHA-256 of a whole file that is stored under the CID of its DAG. */
async function throughAlias(near: NearStore, cid: CID): Promise<CID> {
  if (cid.code !== RAW || (await near.stat(cid)) !== undefined) return cid
  return (await near.catalog.aliases.get(sha256Alias(cid.multihash.digest))) ?? cid
}

async function walkPath(
  near: NearStore,
  root: CID,
  path: readonly string[],
  options?: ResolveOptions,
): Promise<CID | undefined> {
  let cid = root
  for (const segment of path) {
    const directory = (await near.directory(cid, options)) ?? (await farDirectory(near, cid, options))
    const entry = directory && findEntry(directory, segment)
    if (entry === undefined) return undefined
    cid = entry.cid
  }
  return cid
}

async function farDirectory(
  near: NearStore,
  cid: CID,
  { far, signal }: ResolveOptions = {},
): Promise<DirectoryNodes | undefined> {
  if (far === undefined || cid.code === RAW || (await near.stat(cid)) !== undefined) return undefined
  return (await far()).directory(cid, signal ?? new AbortController().signal)
}
