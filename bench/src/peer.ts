import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const folder = join(import.meta.dirname, '../peers')

/**
 * A package of `bench/peers`, which has a lockfile of its own so that a clone does not download it. Hence no types either:
 * who imports one says what they use of it.
 */
export async function peer<T>(name: string): Promise<T> {
  const { load } = (await import(join(folder, 'load.js'))) as { load(name: string): Promise<unknown> }
  return (await load(name)) as T
}

/** Installs what is missing. Answers with the reason when that does not work. */
export async function installPeers(): Promise<string | undefined> {
  if (lockfile('node_modules/.pnpm/lock.yaml') === lockfile('pnpm-lock.yaml')) return undefined
  process.stderr.write('Installing bench/peers, about 170 MB on disk; --no-peers goes without.\n')
  const { packageManager } = JSON.parse(readFileSync(join(folder, '../../package.json'), 'utf8')) as {
    packageManager: string
  }
  try {
    await promisify(execFile)('npx', ['-y', packageManager, '--dir', folder, 'install', '--frozen-lockfile'])
    return undefined
  } catch (error) {
    return `installing bench/peers failed: ${String((error as { stderr?: unknown }).stderr ?? error).trim()}`
  }
}

function lockfile(path: string): string | undefined {
  const file = join(folder, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}
