import { assertPath } from '../../content/assert-path.ts'
import { openContent, type Content } from '../../content/content.ts'
import { fileBody, sizeOfFile } from '../../content/file-body.ts'
import { meter } from '../../progress/progress.ts'
import type { Ingested, IngestFileOptions, IngestOptions } from '../../spi/near-store.ts'
import { ingestOptions } from '../commit-options.ts'
import { copyOut, copyPlan } from '../far/replicate.ts'
import type { Context } from '../context.ts'
import type { PutFileOptions, PutOptions, PutResult } from '../types.ts'

export async function put(
  context: Context,
  content: Content,
  options: PutOptions,
  signal: AbortSignal,
): Promise<PutResult> {
  const { near } = context
  const { body, size, bytes } = openContent(content)
  return store(context, options, signal, size, (ingest) =>
    bytes === undefined || near.ingestBytes === undefined ? near.ingest(body, ingest) : near.ingestBytes(bytes, ingest),
  )
}

export async function putFile(
  context: Context,
  path: string,
  options: PutFileOptions,
  signal: AbortSignal,
): Promise<PutResult> {
  assertPath(path)
  const total = options.onProgress && (await sizeOfFile(path))
  return store(context, options, signal, total, (ingest) =>
    ingestFile(context, path, { ...ingest, link: options.link }),
  )
}

/** A file's way into the near store: the store's own where it has one, otherwise as a stream. */
export async function ingestFile({ near }: Context, path: string, options: IngestFileOptions): Promise<Ingested> {
  return near.ingestFile === undefined ? near.ingest(fileBody(path), options) : near.ingestFile(path, options)
}

async function store(
  context: Context,
  options: PutOptions,
  signal: AbortSignal,
  total: number | undefined,
  into: (options: IngestOptions) => Promise<Ingested>,
): Promise<PutResult> {
  const ingest = await ingestOptions(context, options, signal)
  const progress = meter(options.onProgress, { name: options.name, total, layer: 'cache' })
  const { cid, size, deduplicated } = await into({ ...ingest, onBytes: progress.at })
  count(context, deduplicated)
  const tiers = await copyOut(context, cid, copyPlan(context, options), signal)
  progress.end({ cid, bytes: size, total: size })
  return { cid, size, deduplicated, tiers }
}

export function count({ counters }: Context, deduplicated: boolean): void {
  counters.puts++
  if (deduplicated) counters.deduplicated++
}
