import type { CID } from 'multiformats/cid'
import { assertPath } from '../../content/assert-path.ts'
import { readTree, totalOf, type FileNode, type FolderNode } from '../../content/read-tree.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { parseOutboard } from '../../outboard/parse.ts'
import { meter, type Meter } from '../../progress/progress.ts'
import type { IngestOptions, Lease } from '../../spi/near-store.ts'
import { buildDirectory, type BuiltDirectory, type DirectoryEntry } from '../../unixfs/directory/build-directory.ts'
import { ingestOptions } from '../commit-options.ts'
import { replicateTo, replicationTargets } from '../far/replicate.ts'
import type { Context } from '../context.ts'
import { storeLeased } from '../leased.ts'
import type { PutDirectoryOptions, PutResult } from '../types.ts'
import { count, ingestFile } from './put.ts'

interface Job {
  readonly context: Context
  readonly file: IngestOptions
  readonly progress: Meter
  /** Held until the root names them: no collection may take a file that no directory holds yet. */
  readonly leases: Lease[]
  done: { files: number; bytes: number }
}

export async function putDirectory(context: Context, path: string, options: PutDirectoryOptions, signal: AbortSignal): Promise<PutResult> {
  assertPath(path)
  const { name, pin, expect, ...file } = await ingestOptions(context, options, signal)
  const targets = replicationTargets(context, options)
  const tree = await readTree(path, { hidden: options.hidden ?? false, signal })
  const { files, bytes } = totalOf(tree)
  const progress = meter(options.onProgress, { name: options.name, fileCount: files, total: bytes, layer: 'cache' })
  const job: Job = { context, file: { ...file, member: true }, progress, leases: [], done: { files: 0, bytes: 0 } }
  try {
    const root = await build(job, tree)
    assertExpected(root.cid, expect)
    const { deduplicated } = await context.near.putDirectory(root, { name, pin, signal })
    count(context, deduplicated)
    const tiers = await replicateTo(context, root.cid, targets, signal)
    progress.end({ cid: root.cid, bytes: root.size, total: root.size })
    return { cid: root.cid, size: root.size, deduplicated, tiers }
  } finally {
    await Promise.all(job.leases.map((lease) => lease.release()))
  }
}

async function build(job: Job, folder: FolderNode): Promise<BuiltDirectory> {
  const entries: DirectoryEntry[] = []
  for (const node of folder.entries) {
    entries.push({ name: node.name, ...(node.type === 'file' ? await putMember(job, node) : await putFolder(job, node)) })
  }
  return buildDirectory(entries, { cidVersion: job.file.layout?.cidVersion })
}

type Stored = Pick<DirectoryEntry, 'cid' | 'size' | 'dagSize'>

async function putFolder(job: Job, folder: FolderNode): Promise<Stored> {
  const directory = await build(job, folder)
  const { near } = job.context
  return storeLeased(near, job.leases, async () => {
    await near.putDirectory(directory, { member: true, signal: job.file.signal })
    return directory
  })
}

async function putMember(job: Job, { path, relative }: FileNode): Promise<Stored> {
  job.progress.set({ file: relative, fileIndex: job.done.files })
  const { bytes } = job.done
  const onBytes = (more: number): void => job.progress.at(bytes + more)
  const store = () => ingestFile(job.context, path, { ...job.file, onBytes })
  const { cid, size, outboard } = await storeLeased(job.context.near, job.leases, store)
  job.done = { files: job.done.files + 1, bytes: bytes + size }
  return { cid, size, dagSize: parseOutboard(outboard, cid, size).dagSize }
}

function assertExpected(cid: CID, expect: IngestOptions['expect']): void {
  if (expect === undefined || expect.cid?.equals(cid) === true) return
  if (expect.cid === undefined) throw new StorageError('invalid-argument', 'expect: a directory has no digest, give its CID.')
  throw new StorageError('integrity', `The directory is ${cid}, not ${expect.cid}.`, { cid })
}
