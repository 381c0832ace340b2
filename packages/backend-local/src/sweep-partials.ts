import { join } from 'node:path'
import { throwIfAborted } from '@stowage/core/spi'
import { parseFileName } from './address.ts'
import { namesIn, removeTree, statIfThere } from './files.ts'
import { tryLock } from './lock.ts'

/**
 * Removes partial blobs that nobody has open: those that were last written before a time, in milliseconds, and those that
 * hold nothing, which a process left that died between two steps. Answers how many.
 */
export async function sweepPartials(dir: string, before: number, signal?: AbortSignal): Promise<number> {
  const there = new Set(await namesIn(join(dir, 'partial')))
  const names = [...there]
    .map((name) => name.replace(/\.lock$/, ''))
    .filter((name) => parseFileName(name)?.kind === 'blob')
  let swept = 0
  for (const name of new Set(names)) {
    throwIfAborted(signal)
    const folder = join(dir, 'partial', name)
    // Without a lock nobody was killed over it.
    if (!there.has(`${name}.lock`) && !isUseless(folder, before)) continue
    const held = tryLock(`${folder}.lock`)
    if (held === undefined) continue
    try {
      if (there.has(name) && isUseless(folder, before)) {
        await removeTree(folder)
        swept++
      }
    } finally {
      held.release()
    }
  }
  return swept
}

function isUseless(folder: string, before: number): boolean {
  const [data, ...times] = ['data', 'bitmap', ''].map((name) => statIfThere(join(folder, name))?.mtimeMs)
  return data === undefined || Math.max(...[data, ...times].map((time) => Number(time ?? 0n))) <= before
}
