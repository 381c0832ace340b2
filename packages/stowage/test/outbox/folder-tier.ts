import { appendFileSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cidKey, StorageError, type Backend, type CID } from '@stowage/core'

/** A tier in a folder that several processes can use. It writes down when a put began and ended, and by whom. */
export function folderTier(dir: string, { delay = 0, name = 'far' } = {}): Backend {
  const file = (cid: CID): string => join(dir, cidKey(cid))
  const log = (event: string, cid: CID): void =>
    appendFileSync(join(dir, 'log'), `${JSON.stringify({ event, cid: cidKey(cid), pid: process.pid })}\n`)
  return {
    name,
    traits: { ranges: 'none', verifies: 'nothing' },
    stat: async (cid) => {
      const found = await stat(file(cid)).catch(() => undefined)
      return found && { cid, size: found.size }
    },
    read: async (cid) => {
      const bytes = await readFile(file(cid)).catch(() => {
        throw new StorageError('not-found', `${cid} is not there.`, { cid })
      })
      return {
        size: bytes.length,
        offset: 0,
        length: bytes.length,
        body: (async function* () {
          yield bytes
        })(),
      }
    },
    put: async ({ cid, open }, { signal } = {}) => {
      await mkdir(dir, { recursive: true })
      log('begin', cid)
      const chunks: Uint8Array[] = []
      for await (const chunk of open({ signal })) chunks.push(chunk)
      if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay))
      signal?.throwIfAborted()
      const temporary = `${file(cid)}.${process.pid}.tmp`
      await writeFile(temporary, Buffer.concat(chunks))
      await rename(temporary, file(cid))
      log('end', cid)
    },
    health: async () => ({ reachable: true }),
    close: async () => {},
  }
}

export interface Logged {
  readonly event: 'begin' | 'end'
  readonly cid: string
  readonly pid: number
}

/** What the tier wrote down; a kill may have cut the last line short. */
export async function logOf(dir: string): Promise<Logged[]> {
  const text = await readFile(join(dir, 'log'), 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Logged] : []))
}

export async function blobsIn(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => [])
  return names.filter((name) => name !== 'log' && !name.endsWith('.tmp')).sort()
}
