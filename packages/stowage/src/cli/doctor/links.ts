import { constants } from 'node:fs'
import { copyFile, link, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What the file system of a folder can do, by trying it in a folder of its own there. */
export async function canLink(dir: string): Promise<{ reflink: boolean; hardlink: boolean }> {
  const folder = await mkdtemp(join(dir, 'tmp-doctor-'))
  try {
    const file = join(folder, 'file')
    await writeFile(file, 'x')
    return {
      reflink: await works(copyFile(file, join(folder, 'reflink'), constants.COPYFILE_FICLONE_FORCE)),
      hardlink: await works(link(file, join(folder, 'hardlink'))),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function works(attempt: Promise<unknown>): Promise<boolean> {
  return attempt.then(
    () => true,
    () => false,
  )
}
