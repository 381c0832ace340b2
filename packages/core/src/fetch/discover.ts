import type { CID } from 'multiformats/cid'
import { RAW } from '../cid/make.ts'
import { raceAbort } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { Outboard } from '../outboard/outboard.ts'
import { parseOutboard } from '../outboard/parse.ts'
import { serialiseOutboard } from '../outboard/serialise.ts'
import { askTiers } from './ask.ts'
import { gaveUp, type Failures } from './failures.ts'
import type { Directory } from '../spi/near-store.ts'
import type { Source, Sources } from './sources.ts'
import { verifiedDirectory } from './verified-directory.ts'

/** What the CID stands for: a blob with its verified outboard; a directory with its verified nodes; a blob of which nobody has the outboard. */
export type Found =
  | FoundBlob
  | { readonly kind: 'directory'; readonly directory: Directory }
  | { readonly kind: 'plain'; readonly size: number }

export interface FoundBlob {
  readonly kind: 'blob'
  readonly outboard: Outboard
  /** The outboard as it came. */
  readonly bytes: Uint8Array
}

export interface Discovery {
  readonly found: Promise<Found>
  /** An outboard that proves what the blob is, if one came after another that proves nothing was taken. */
  proven(): FoundBlob | undefined
  /** When every source has answered, or is not asked any more. */
  readonly ended: Promise<void>
}

export interface DiscoveryInit {
  readonly sources: Sources
  readonly cid: CID
  readonly signal: AbortSignal
  /** What an earlier fetch found: only who has the blob is asked. */
  readonly known?: Found | undefined
  /** That source has the blob, of so many bytes. */
  has(source: Source, size: number): void
  /** Misses included. */
  readonly failures: Failures
}

/** A blob larger than that is worth asking everybody at once. */
const LARGE = 16 * 1024 * 1024

/** Asks who has a blob, and for its outboard: the first one that verifies is taken. */
export function discover({ sources, cid, signal, known, has, failures }: DiscoveryInit): Discovery {
  const { promise: found, resolve, reject } = Promise.withResolvers<Found>()
  const hurry = new AbortController()
  const outboards = new AbortController()
  const asking = AbortSignal.any([signal, outboards.signal])
  let plain: number | undefined
  let settled = false
  let proven: FoundBlob | undefined

  function settle(result: Found): void {
    if (result.kind === 'blob' && isProven(result)) proven ??= result
    // Of a dag-pb blob, an outboard without nodes could be a lie: the others are still asked for theirs.
    if (result.kind !== 'blob' || cid.code === RAW || proven !== undefined) outboards.abort()
    if (settled) return
    settled = true
    if (result.kind === 'blob' && result.outboard.size > LARGE) hurry.abort()
    resolve(result)
  }
  function fail(source: Source, error: unknown): void {
    if (!signal.aborted) failures.add(source, error)
  }

  /** One that verifies leaves reads the root to say what it has, and has it at hand then. */
  function outboardOf({ asked }: Source): Promise<Uint8Array | undefined> | undefined {
    const pending = asked.outboard?.(cid, { signal: asking })
    pending?.catch(() => {})
    return pending && raceAbort(pending, asking)
  }

  async function ask(source: Source): Promise<void> {
    const wanted = !outboards.signal.aborted && cid.code !== RAW
    const early = wanted && source.backend.traits.verifies !== 'leaves' ? outboardOf(source) : undefined
    early?.catch(() => {})
    try {
      const stat = await raceAbort(source.asked.stat(cid, { signal }), signal)
      if (stat === undefined)
        throw new StorageError('not-found', `${source.backend.name} does not have ${cid}.`, {
          cid,
          backend: source.backend.name,
        })
      if (stat.isDirectory === true) return await takeDirectory(source)
      if (outboards.signal.aborted) return has(source, stat.size)
      if (cid.code === RAW) settle(blobOf(serialiseOutboard(cid, []), cid, stat.size))
      else await takeOutboard(source, stat.size, early)
      has(source, stat.size)
    } catch (error) {
      fail(source, error)
    }
  }

  /** Whoever says that it is a directory has to show it: a blob that one takes for a directory could be had from nobody. */
  async function takeDirectory(source: Source): Promise<void> {
    if (settled) return
    const directory = await raceAbort(verifiedDirectory(source, cid, { signal }), signal)
    if (directory !== undefined) return settle({ kind: 'directory', directory })
    const { name } = source.backend
    throw new StorageError('not-found', `${name} does not give the directory ${cid}.`, { cid, backend: name })
  }

  async function takeOutboard(source: Source, size: number, early: Promise<Uint8Array | undefined> | undefined) {
    let bytes: Uint8Array | undefined
    try {
      bytes = await (early ?? outboardOf(source))
    } catch (error) {
      // Somebody else was first, or this one may still have the bytes.
      if (!asking.aborted) fail(source, error)
    }
    if (outboards.signal.aborted) return
    if (bytes === undefined) plain ??= size
    else settle(blobOf(bytes, cid, size))
  }

  if (known !== undefined) settle(known)
  const ended = askTiers({ sources, signal, ask, hurry: hurry.signal }).then(() => {
    if (settled) return
    if (plain !== undefined) settle({ kind: 'plain', size: plain })
    else if (signal.aborted) reject(signal.reason)
    else reject(gaveUp(cid, failures))
  })
  found.catch(() => {})
  return { found, proven: () => proven, ended }
}

export function blobOf(bytes: Uint8Array, cid: CID, size: number): FoundBlob {
  return { kind: 'blob', outboard: parseOutboard(bytes, cid, size), bytes }
}

/** Its nodes say how large it is. What has none is one leaf, as somebody says, of as many bytes as they say. */
export function isProven({ outboard }: FoundBlob): boolean {
  return outboard.nodes.length > 0
}
