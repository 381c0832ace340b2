import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { CliError } from './failure.ts'

/** Writes a file unseen beside its place and moves it there when it is whole; on failure nothing is left. */
export async function writeFileAtomically(target: string, body: AsyncIterable<Uint8Array>): Promise<void> {
  await assertReplaceable(target)
  await unseen(target, async (temporary) => {
    const file = await open(temporary, 'wx')
    try {
      for await (const chunk of body) await file.writeFile(chunk)
      await file.sync()
    } finally {
      await file.close()
    }
  })
}

/** Fills a folder unseen beside its place and moves it there. A folder that holds something already is refused. */
export async function fillFolderAtomically(target: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const existing = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  if (existing.length > 0) throw new CliError('conflict', `The folder ${target} is not empty.`)
  await unseen(target, async (temporary) => {
    await mkdir(temporary)
    await fill(temporary)
  })
}

/** What is no file, such as /dev/null, belongs to others: taking its place would break it for everybody. */
async function assertReplaceable(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined)
  if (found !== undefined && !found.isFile())
    throw new CliError('invalid-argument', `${target} is there already, and is no file; - is standard output.`)
}

async function unseen(target: string, make: (temporary: string) => Promise<void>): Promise<void> {
  const place = resolve(target)
  const temporary = join(dirname(place), `.${basename(place).slice(0, 60)}.${randomUUID()}.tmp`)
  const remove = (): void => rmSync(temporary, { recursive: true, force: true })
  // A second Ctrl-C ends the process at once, past every finally.
  process.once('exit', remove)
  try {
    await make(temporary)
    await rename(temporary, place)
  } finally {
    await rm(temporary, { recursive: true, force: true })
    process.off('exit', remove)
  }
}
