import { constants } from 'node:buffer'
import type { CID } from 'multiformats/cid'
import { RAW } from '../../cid/make.ts'
import { assertPath } from '../../content/assert-path.ts'
import { collect } from '../../content/content.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { parseRef } from '../../ref/parse-ref.ts'
import { counted, meter, type Meter } from '../../progress/progress.ts'
import { statFar } from '../stat-far.ts'
import type { BlobRead } from '../../spi/backend.ts'
import { heal, healing } from '../heal.ts'
import type { Lifetime } from '../lifetime.ts'
import { recordNear } from '../record-near.ts'
import { byteStream } from '../byte-stream.ts'
import { resolveRef } from '../resolve.ts'
import { save } from '../save/save.ts'
import type { StoredBlob } from '../stored-blob.ts'
import type { Context } from '../context.ts'
import type { Ref, WaitOptions } from '../types.ts'
import { windowOf, type Slice } from '../window.ts'

/** The content of a ref, lazily. Options given here hold for its methods too, unless those get their own. */
export function get(
  context: Context,
  lifetime: Lifetime,
  ref: Ref,
  defaults: WaitOptions,
  slices: readonly Slice[] = [],
): StoredBlob {
  const merged = (options: WaitOptions | undefined): WaitOptions =>
    options === undefined ? defaults : { ...defaults, ...options }
  const run = <T>(
    options: WaitOptions | undefined,
    work: (signal: AbortSignal, options: WaitOptions) => Promise<T>,
  ): Promise<T> => lifetime.run(merged(options), (signal) => work(signal, merged(options)))
  const read = (options: WaitOptions | undefined, lend = false): AsyncIterableIterator<Uint8Array<ArrayBuffer>> =>
    lifetime.stream(merged(options), (signal) => readBody(context, ref, slices, { ...merged(options), lend }, signal))
  const bytes = async (options: WaitOptions | undefined): Promise<Uint8Array<ArrayBuffer>> =>
    (await atOnce(context, ref, slices, merged(options))) ?? collect(read(options), constants.MAX_LENGTH)

  return {
    cid: (options) => run(options, (signal) => resolveRef(context.near, ref, { signal, far: context.far })),
    size: (options) =>
      run(options, async (signal) => windowOf(slices, (await locate(context, ref, signal)).size).length),
    stream: (options) => byteStream(({ lend }) => read(options, lend)),
    bytes,
    arrayBuffer: async (options) => (await bytes(options)).buffer,
    text: async (options) => new TextDecoder().decode(await bytes(options)),
    json: async (options) => JSON.parse(new TextDecoder().decode(await bytes(options))) as unknown,
    slice: (start, end) => get(context, lifetime, ref, defaults, [...slices, { start, end }]),
    path: (options) => run(options, (signal, merged) => pathOf(context, ref, slices, merged, signal)),
    saveTo: (path, options) =>
      run(options, async (signal, merged) => {
        assertPath(path)
        const { cid, size, progress } = await bring(context, ref, signal, meter(merged.onProgress, { layer: 'cache' }))
        progress.set({ cid, total: windowOf(slices, size).length })
        const job = { mode: options?.mode, signal, progress }
        await healing(context, cid, signal, () => save(context.near, { cid, slices }, path, job))
        progress.end()
      }),
    [Symbol.asyncIterator]: () => read(undefined),
  }
}

/** A whole small blob by its CID, where the near store can give it in one step. */
async function atOnce(
  { near, counters, far, autoTier }: Context,
  ref: Ref,
  slices: readonly Slice[],
  { onProgress, signal }: WaitOptions,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (near.readBytes === undefined || slices.length > 0 || onProgress !== undefined) return undefined
  const parsed = parseRef(ref)
  if (parsed.kind !== 'cid' || parsed.path.length > 0 || parsed.cid.code !== RAW) return undefined
  try {
    const bytes = await near.readBytes(parsed.cid, signal && { signal })
    if (bytes !== undefined) {
      counters.nearHits++
      autoTier?.noteRead(parsed.cid)
    }
    return bytes
  } catch (error) {
    // The way that heals takes it from here.
    if (far !== undefined && StorageError.is(error, 'integrity')) return undefined
    throw error
  }
}

async function* readBody(
  context: Context,
  ref: Ref,
  slices: readonly Slice[],
  options: WaitOptions & { readonly lend: boolean },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { near, counters, autoTier, far } = context
  const progress = meter(options.onProgress, { layer: 'cache' })
  const cid = await resolveRef(near, ref, { signal, far })
  const record = await recordNear(near, cid)
  if (record === undefined) {
    yield* await readMissing(context, cid, slices, progress, signal)
    progress.end()
    return
  }
  counters.nearHits++
  autoTier?.noteRead(cid)
  near.catalog.touch(cid)
  if (record.kind === 'directory') {
    throw new StorageError('invalid-argument', `${cid} is a directory: list it, or save it to a folder.`, { cid })
  }
  const { offset, length } = windowOf(slices, record.size)
  progress.set({ cid, total: length })
  let given = 0
  const open = async (): Promise<BlobRead> =>
    near.read(cid, { offset: offset + given, length: length - given, signal, lend: options.lend })
  for (let healed = false; ;) {
    try {
      for await (const chunk of (await open()).body) {
        given += chunk.byteLength
        progress.add(chunk.byteLength)
        yield chunk as Uint8Array<ArrayBuffer>
      }
      break
    } catch (error) {
      if (healed) throw error
      await heal(context, cid, error, signal)
      healed = true
    }
  }
  progress.end()
}

async function readMissing(
  { counters, far }: Context,
  cid: CID,
  slices: readonly Slice[],
  progress: Meter,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array<ArrayBuffer>>> {
  counters.nearMisses++
  if (far === undefined) throw new StorageError('not-found', `${cid} is not stored.`, { cid })
  return (await far()).read(cid, (size) => windowOf(slices, size), { signal, progress })
}

async function pathOf(
  context: Context,
  ref: Ref,
  slices: readonly Slice[],
  options: WaitOptions,
  signal: AbortSignal,
): Promise<string> {
  if (slices.length > 0) throw new StorageError('unsupported', 'A slice has no file of its own: save it to one.')
  const { near } = context
  const { cid, size, isDirectory, progress } = await bring(
    context,
    ref,
    signal,
    meter(options.onProgress, { layer: 'cache' }),
  )
  const path = await healing(context, cid, signal, async () =>
    isDirectory ? near.directoryPath?.(cid, { signal }) : near.path?.(cid, { signal }),
  )
  if (path === undefined)
    throw new StorageError('unsupported', `The near store ${near.name} keeps no files.`, { backend: near.name, cid })
  near.catalog.touch(cid)
  progress.end({ cid, bytes: size, total: size })
  return path
}

interface Located {
  readonly cid: CID
  readonly size: number
  readonly isDirectory: boolean
}

/** Where a ref leads, and how large that is, near or far; `not-found` when it is nowhere. */
export async function locate(context: Context, ref: Ref, signal: AbortSignal): Promise<Located> {
  const cid = await resolveRef(context.near, ref, { signal, far: context.far })
  const record = await recordNear(context.near, cid)
  if (record !== undefined) return { cid, size: record.size, isDirectory: record.kind === 'directory' }
  const far = await statFar(context, cid, signal)
  if (far === undefined) throw new StorageError('not-found', `${cid} is not stored.`, { cid })
  return { cid, size: far.size, isDirectory: far.isDirectory === true }
}

/** Makes sure that the content of a ref lies in the near store. `progress` is for what is done with it then. */
export async function bring(
  context: Context,
  ref: Ref,
  signal: AbortSignal,
  progress: Meter,
): Promise<Located & { readonly progress: Meter }> {
  const { near, counters, autoTier, far } = context
  const cid = await resolveRef(near, ref, { signal, far })
  let record = await recordNear(near, cid)
  if (record === undefined) {
    counters.nearMisses++
    if (far === undefined) throw new StorageError('not-found', `${cid} is not stored.`, { cid })
    await (await far()).bring(cid, { signal, progress })
    record = await recordNear(near, cid)
    if (record === undefined) throw new StorageError('not-found', `${cid} was removed while it was fetched.`, { cid })
    return { cid, size: record.size, isDirectory: record.kind === 'directory', progress: counted(progress) }
  }
  counters.nearHits++
  autoTier?.noteRead(cid)
  near.catalog.touch(cid)
  return { cid, size: record.size, isDirectory: record.kind === 'directory', progress }
}
