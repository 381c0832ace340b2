import type { CID } from 'multiformats/cid'
import { assertPath } from '../../content/assert-path.ts'
import { filesOf, readTree, type FileNode, type FolderNode } from '../../content/read-tree.ts'
import { StorageError } from '../../errors/storage-error.ts'
import { parseOutboard } from '../../outboard/parse.ts'
import { meter, type Meter } from '../../progress/progress.ts'
import type { IngestOptions, Lease } from '../../spi/near-store.ts'
import { buildDirectory, type BuiltDirectory, type DirectoryEntry } from '../../unixfs/directory/build-directory.ts'
import { ingestOptions } from '../commit-options.ts'
import { copyOut, copyPlan } from '../far/replicate.ts'
import type { Context } from '../context.ts'
import { storeLeased } from '../leased.ts'
import { mapAtOnce } from '../../async/map-at-once.ts'
import type { PutDirectoryOptions, PutResult } from '../types.ts'
import { count, ingestFile } from './put.ts'

interface Job {
  readonly context: Context
  readonly file: IngestOptions
  readonly progress: Meter
  /** Held until the root names them: no collection may take a file that no directory holds yet. */
  readonly leases: Lease[]
  begun: number
}

/** Files under way at a time: enough for both halves of a worker's time. */
const AT_ONCE = 8
/** Small ones cost little but their syncs, which those that come together share. */
const SMALL = { size: 64 * 1024, atOnce: 64 }

export async function putDirectory(
  context: Context,
  path: string,
  options: PutDirectoryOptions,
  signal: AbortSignal,
): Promise<PutResult> {
  assertPath(path)
  const { name, pin, copies, expect, ...file } = await ingestOptions(context, options, signal)
  const tree = await readTree(path, { hidden: options.hidden ?? false, signal })
  const files = filesOf(tree)
  const total = files.reduce((sum, { size }) => sum + size, 0)
  const progress = meter(options.onProgress, { name: options.name, fileCount: files.length, total, layer: 'cache' })
  const job: Job = { context, file: { ...file, member: true }, progress, leases: [], begun: 0 }
  try {
    const put = async (node: FileNode) => [node, await putMember(job, node)] as const
    const small = files.filter(({ size }) => size <= SMALL.size)
    const large = files.filter(({ size }) => size > SMALL.size)
    const stored = [...(await mapAtOnce(small, SMALL.atOnce, put)), ...(await mapAtOnce(large, AT_ONCE, put))]
    const root = await build(job, tree, new Map(stored))
    assertExpected(root.cid, expect)
    const { deduplicated } = await context.near.putDirectory(root, { name, pin, copies, signal })
    count(context, deduplicated)
    const tiers = await copyOut(context, root.cid, copyPlan(context, options), signal)
    progress.end({ cid: root.cid, bytes: root.size, total: root.size })
    return { cid: root.cid, size: root.size, deduplicated, tiers }
  } finally {
    await Promise.all(job.leases.map((lease) => lease.release()))
  }
}

async function build(job: Job, folder: FolderNode, files: Files): Promise<BuiltDirectory> {
  const entries: DirectoryEntry[] = []
  for (const node of folder.entries) {
    const stored = node.type === 'file' ? (files.get(node) as Stored) : await putFolder(job, node, files)
    entries.push({ ...stored, name: node.name })
  }
  return buildDirectory(entries, { cidVersion: job.file.layout?.cidVersion })
}

type Stored = Pick<DirectoryEntry, 'cid' | 'size' | 'dagSize'>
type Files = ReadonlyMap<FileNode, Stored>

async function putFolder(job: Job, folder: FolderNode, files: Files): Promise<Stored> {
  const directory = await build(job, folder, files)
  const { near } = job.context
  return storeLeased(near, job.leases, async () => {
    await near.putDirectory(directory, { member: true, signal: job.file.signal })
    return directory
  })
}

async function putMember(job: Job, { path, relative }: FileNode): Promise<Stored> {
  job.progress.set({ file: relative, fileIndex: job.begun++ })
  let bytes = 0
  const onBytes = (done: number): void => {
    job.progress.add(done - bytes)
    bytes = done
  }
  const store = () => ingestFile(job.context, path, { ...job.file, onBytes })
  const { cid, size, outboard } = await storeLeased(job.context.near, job.leases, store)
  return { cid, size, dagSize: parseOutboard(outboard, cid, size).dagSize }
}

function assertExpected(cid: CID, expect: IngestOptions['expect']): void {
  if (expect === undefined || expect.cid?.equals(cid) === true) return
  if (expect.cid === undefined)
    throw new StorageError('invalid-argument', 'expect: a directory has no digest, give its CID.')
  throw new StorageError('integrity', `The directory is ${cid}, not ${expect.cid}.`, { cid })
}
