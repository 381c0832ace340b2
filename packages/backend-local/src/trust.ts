import type { BigIntStats } from 'node:fs'
import { join } from 'node:path'
import { contentPath, outboardPath } from './address.ts'
import type { BlobRow } from './catalog/records.ts'
import { statIfThere } from './files.ts'

/**
 * What a record's files looked like when they were last known good. A changed file shows in its size, its times or
 * its inode. A hard link more or less changes ctime too; that alone takes no trust away.
 */
export function fingerprint(dir: string, row: Pick<BlobRow, 'key' | 'directory' | 'outboard'>): string | undefined {
  const files = [contentPath(row)]
  if (row.outboard > 0 && row.directory === 0) files.push(outboardPath(row.key))
  const prints = files.map((file) => printOf(statIfThere(join(dir, file))))
  return prints.includes(undefined) ? undefined : prints.join('|')
}

/** True when the files are as they were when last known good. */
export function isTrusted(dir: string, row: BlobRow): boolean {
  if (row.trust === null) return false
  const now = fingerprint(dir, row)
  if (now === undefined) return false
  return now === row.trust || sameButForLinks(now.split('|'), row.trust.split('|'))
}

function printOf(stats: BigIntStats | undefined): string | undefined {
  return stats && [stats.size, stats.mtimeNs, stats.ino, stats.ctimeNs, stats.nlink].join(':')
}

function sameButForLinks(now: readonly string[], then: readonly string[]): boolean {
  return (
    now.length === then.length &&
    now.every((print, index) => print === then[index] || onlyLinksDiffer(print, then[index] ?? ''))
  )
}

function onlyLinksDiffer(now: string, then: string): boolean {
  const [size, mtime, inode, , links] = now.split(':')
  const [oldSize, oldMtime, oldInode, , oldLinks] = then.split(':')
  return size === oldSize && mtime === oldMtime && inode === oldInode && links !== oldLinks
}
