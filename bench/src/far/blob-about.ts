import { createReadStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatCid, hashContent, parseCid, parseOutboard, type CID, type Outboard } from '@stowage/core/spi'

/** Writes down what others need to know of a blob: its CID and its outboard. */
export async function describe(file: string, folder: string): Promise<void> {
  const { cid, outboard, size } = await hashContent(createReadStream(file, { highWaterMark: 2 ** 20 }))
  await writeFile(join(folder, 'outboard'), outboard)
  await writeFile(join(folder, 'about.json'), JSON.stringify({ cid: formatCid(cid), size }))
}

export interface About {
  readonly cid: CID
  readonly size: number
  readonly outboard: Outboard
}

export async function readAbout(folder: string): Promise<About> {
  const { cid: text, size } = JSON.parse(await readFile(join(folder, 'about.json'), 'utf8')) as {
    cid: string
    size: number
  }
  const cid = parseCid(text)
  return { cid, size, outboard: parseOutboard(await readFile(join(folder, 'outboard')), cid, size) }
}
