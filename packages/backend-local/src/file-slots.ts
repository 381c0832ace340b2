import { readFileSync } from 'node:fs'
import { semaphore, type Semaphore } from '@stowage/core/spi'

/** Descriptors that a call has open at most: a source, a temporary file, its outboard, a folder to sync. */
const FILES_A_CALL = 4
/** Descriptors for everybody else: Node, its workers, the catalog, readers, the program around us. */
const SPARED = 48
/** What every system allows, where it does not say. */
const USUAL_LIMIT = 256
const FEWEST = 4
/** More under way at once bring no speed: so many share a commit. */
const MOST = 256

let slots: Semaphore | undefined

/**
 * The same command, with so many under way in this process that their files do not use up its descriptors. Others wait
 * for their turn. The command's last argument is its signal. A command must not call another one of these.
 */
export function bounded<Args extends readonly unknown[], T>(
  command: (...args: Args) => Promise<T>,
): (...args: Args) => Promise<T> {
  return async (...args) => {
    slots ??= semaphore(slotsFor(openFilesLimit()))
    const signal = args.at(-1)
    const leave = await slots.acquire(signal instanceof AbortSignal ? signal : undefined)
    try {
      return await command(...args)
    } finally {
      leave()
    }
  }
}

/** How many calls may be under way where a process may have so many files open. */
export function slotsFor(limit: number): number {
  return Math.max(FEWEST, Math.min(MOST, Math.floor((limit - SPARED) / FILES_A_CALL)))
}

/** Only Linux says it in a file; Node raises the soft limit when it starts. */
function openFilesLimit(): number {
  try {
    const [, limit] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return limit === 'unlimited' ? Infinity : Number(limit ?? USUAL_LIMIT)
  } catch {
    return USUAL_LIMIT
  }
}
