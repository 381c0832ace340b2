import { join } from 'node:path'
import type { CID } from 'multiformats/cid'
import { makeFolder } from '../../content/make-folder.ts'
import { fileError } from '../../content/file-body.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Meter } from '../../progress/progress.ts'
import type { Body } from '../../spi/backend.ts'
import type { Directory, NearStore } from '../../spi/near-store.ts'
import { directoryLinks } from '../../unixfs/directory/directory-links.ts'
import { windowOf, type Slice } from '../window.ts'
import { assertSavable } from './assert-savable.ts'
import { saveFile, type SaveMode } from './save-file.ts'

interface SaveJob {
  readonly mode: SaveMode | undefined
  readonly signal: AbortSignal
  readonly progress: Meter
}

/**
 * A stored file to a file, or a stored directory to a folder. Entry names that could leave the folder: `invalid-argument`;
 * more than a million entries: `too-large`; nothing is written then.
 */
export async function save(
  near: NearStore,
  content: { cid: CID; slices: readonly Slice[] },
  target: string,
  job: SaveJob,
): Promise<void> {
  const directory = await near.directory(content.cid, { signal: job.signal })
  if (directory === undefined) return saveBlob(near, content, target, job)
  if (content.slices.length > 0)
    throw new StorageError('invalid-argument', 'A directory cannot be sliced.', { cid: content.cid })
  await assertSavable(near, content.cid, job.signal)
  await saveDirectory(near, directory, target, job)
}

async function saveDirectory(near: NearStore, directory: Directory, target: string, job: SaveJob): Promise<void> {
  await makeTarget(target)
  for (const { name, cid } of directoryLinks(directory)) {
    job.signal.throwIfAborted()
    job.progress.set({ file: name })
    const below = await near.directory(cid, { signal: job.signal })
    if (below === undefined) await saveBlob(near, { cid, slices: [] }, join(target, name), job)
    else await saveDirectory(near, below, join(target, name), job)
  }
}

async function saveBlob(
  near: NearStore,
  { cid, slices }: { cid: CID; slices: readonly Slice[] },
  target: string,
  job: SaveJob,
): Promise<void> {
  const { signal, mode, progress } = job
  const stat = await near.stat(cid, { signal })
  if (stat === undefined) throw new StorageError('not-found', `${cid} is not stored.`, { cid })
  const window = windowOf(slices, stat.size)
  const whole = window.length === stat.size
  const open = async function* (): Body & AsyncGenerator<Uint8Array> {
    for await (const chunk of (await near.read(cid, { ...window, signal, lend: true })).body) {
      yield chunk
      progress.add(chunk.byteLength)
    }
  }
  const path = whole && mode !== 'copy' ? await near.path?.(cid, { signal }) : undefined
  const made = await saveFile({ path, open }, target, mode)
  if (made !== 'copy') progress.add(stat.size)
}

async function makeTarget(path: string): Promise<void> {
  try {
    await makeFolder(path)
  } catch (error) {
    throw fileError(error, path)
  }
}
