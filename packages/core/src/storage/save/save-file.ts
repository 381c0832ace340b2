import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { chmod, copyFile, link, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileError } from '../../content/file-body.ts'
import { StorageError } from '../../errors/storage-error.ts'
import type { Body } from '../../spi/backend.ts'

export type SaveMode = 'reflink' | 'hardlink' | 'copy'

/** A file to be made: `path` of a stored file with the same bytes, where there is one, and the verified bytes themselves. */
export interface SaveSource {
  readonly path?: string | undefined
  open(): Body
}

const ALL: readonly SaveMode[] = ['reflink', 'hardlink', 'copy']
/** What a file system answers when it has no such operation, or not between these two places. */
const CANNOT = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EINVAL', 'ENOSYS', 'EMLINK', 'EPERM', 'ENOTTY'])

/**
 * Puts a file in place in one step, replacing what is there: reflink, else hardlink, else copy, or the one mode that
 * is asked for (`unsupported` where it cannot work). On failure nothing is left beside it. A hardlink shares the store's
 * read-only file; the others belong to the user.
 */
export async function saveFile(source: SaveSource, target: string, mode: SaveMode | undefined): Promise<SaveMode> {
  if (mode !== undefined && !ALL.includes(mode))
    throw new StorageError('invalid-argument', `There is no mode ${JSON.stringify(mode)}; there are ${ALL.join(', ')}.`)
  const temporary = join(dirname(target), `.${basename(target).slice(0, 60)}.${randomUUID()}.tmp`)
  await assertReplaceable(target)
  try {
    const made = await make(source, temporary, mode === undefined ? ALL : [mode])
    await rename(temporary, target)
    return made
  } catch (error) {
    throw StorageError.is(error) || !isErrno(error) ? error : fileError(error, target)
  } finally {
    // Renaming one hardlink over another of the same file does nothing, says POSIX: the name would stay.
    await rm(temporary, { force: true })
  }
}

/** What is no file, such as a device or a folder, is not ours to replace. */
async function assertReplaceable(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined)
  if (found !== undefined && !found.isFile())
    throw new StorageError('invalid-argument', `${target} is there already, and is no file.`, { source: target })
}

async function make(source: SaveSource, target: string, modes: readonly SaveMode[]): Promise<SaveMode> {
  for (const mode of modes) {
    if (mode === 'copy') {
      await writeAll(source.open(), target)
      return mode
    }
    if (source.path === undefined) continue
    try {
      await (mode === 'reflink' ? reflink(source.path, target) : link(source.path, target))
      return mode
    } catch (error) {
      if (!isErrno(error) || !CANNOT.has(error.code)) throw error
    }
  }
  throw new StorageError('unsupported', `${modes.join(', ')} does not work between the store and ${dirname(target)}.`)
}

async function reflink(from: string, to: string): Promise<void> {
  const mode = await makeEmpty(to)
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE_FORCE)
    // The copy is as read-only as the store's file.
    await chmod(to, mode)
  } catch (error) {
    await rm(to, { force: true })
    throw error
  }
}

/** A new file, and the mode that the user's umask gives it. */
async function makeEmpty(path: string): Promise<number> {
  const file = await open(path, 'wx')
  try {
    return (await file.stat()).mode & 0o777
  } finally {
    await file.close()
  }
}

async function writeAll(body: Body, path: string): Promise<void> {
  const file = await open(path, 'wx')
  try {
    for await (const chunk of body) await file.writeFile(chunk)
  } finally {
    await file.close()
  }
}

function isErrno(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'errno' in error
}
