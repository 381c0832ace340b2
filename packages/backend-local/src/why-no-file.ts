import { randomBytes } from 'node:crypto'
import { closeSync, openSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { isNoFile } from './errors.ts'

/**
 * The reason why SQLite could make no file, which it does not tell: a disk whose inodes are used up must not look like
 * an outage. Tries to make one in the folder.
 */
export function whyNoFile(error: unknown, dir: string): unknown {
  if (!isNoFile(error)) return error
  const probe = join(dir, `tmp-${randomBytes(9).toString('hex')}`)
  try {
    closeSync(openSync(probe, 'wx'))
    unlinkSync(probe)
    return error
  } catch (reason) {
    return reason
  }
}
