import { constants } from 'node:fs'
import { access, lstat, mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { type Environment, type Logger, makeFolder, StorageError, type StorageErrorCode } from '@stowage/core'
import { expandHome, homeOf } from './home.ts'

export interface DirChoice {
  readonly dir: string
  /** Somebody named this folder: another one may not take its place. */
  readonly asked: boolean
}

export interface DirSources {
  /** From the code: the `dir` option, or that of a config object. */
  readonly option?: string | undefined
  /** From a config file, absolute. */
  readonly configured?: string | undefined
  readonly env: Environment
  readonly cwd: string
}

/** What the code says, `STOWAGE_DIR`, the config file, `$XDG_CACHE_HOME/stowage`, `~/.cache/stowage`. */
export function chooseDir({ option, configured, env, cwd }: DirSources): DirChoice {
  const asked = option ?? (env['STOWAGE_DIR']?.trim() || configured)
  if (asked !== undefined) return { dir: resolve(cwd, expandHome(asked, env)), asked: true }
  const cache = env['XDG_CACHE_HOME']?.trim()
  // The XDG specification has relative paths ignored.
  return { dir: join(cache && isAbsolute(cache) ? cache : join(homeOf(env), '.cache'), 'stowage'), asked: false }
}

/** Makes the folder. One that was not asked for and cannot be used gives way to a private one in the temp folder. */
export async function prepareDir({ dir, asked }: DirChoice, logger: Logger): Promise<string> {
  try {
    await makeUsable(dir)
    return dir
  } catch (cause) {
    if (asked) throw unusable(dir, cause)
    const instead = await temporaryDir()
    logger.warn(`${unusable(dir, cause).message} Using ${instead}, which may not outlast a restart.`, { dir, instead })
    return instead
  }
}

async function makeUsable(dir: string): Promise<void> {
  await makeFolder(dir)
  await access(dir, constants.R_OK | constants.W_OK | constants.X_OK)
}

/** The temp folder is everybody's: a folder of the expected name counts only if it is ours. */
async function temporaryDir(): Promise<string> {
  const uid = process.getuid?.()
  const dir = join(tmpdir(), `stowage-${uid ?? 'user'}`)
  await mkdir(dir, { mode: 0o700 }).catch(() => {})
  const found = await lstat(dir).catch(() => undefined)
  const ours = found?.isDirectory() === true && (uid === undefined || (found.uid === uid && (found.mode & 0o022) === 0))
  return ours ? dir : mkdtemp(join(tmpdir(), 'stowage-'))
}

const CODES: Readonly<Record<string, StorageErrorCode>> = {
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
}

function unusable(dir: string, cause: unknown): StorageError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StorageError(CODES[code] ?? 'invalid-config', `The folder ${dir} cannot be used: ${reason}.`, {
    cause,
    source: dir,
  })
}
