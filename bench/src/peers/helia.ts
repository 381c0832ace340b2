import { readFile, writeFile } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { peer } from '../peer.ts'
import { openBlockstore, type BlockstoreName } from './blockstore.ts'

interface Unixfs {
  addByteStream(content: AsyncIterable<Uint8Array>): Promise<{ toString(): string }>
  /** By text: it knows only the CIDs of its own copy of multiformats. */
  cat(cid: string, options?: { readonly offset: number; readonly length: number }): AsyncIterable<Uint8Array>
}

export interface HeliaUnixfs extends Unixfs {
  close(): Promise<void>
}

export function needsHelia(blockstore: BlockstoreName): readonly string[] {
  return ['@helia/unixfs', blockstore]
}

/** helia's files over a block store; no node is started, since none is needed for that. */
export async function openHelia(blockstore: BlockstoreName, dir: string): Promise<HeliaUnixfs> {
  const { unixfs } = await peer<{ unixfs(components: unknown): Unixfs }>('@helia/unixfs')
  const blocks = await openBlockstore(blockstore, join(dir, 'blocks'))
  const files = unixfs({ blockstore: blocks })
  return {
    addByteStream: (content) => files.addByteStream(content),
    cat: (cid, options) => files.cat(cid, options),
    close: async () => void (await blocks.close()),
  }
}

/** Puts a file there and notes its CID beside it. */
export async function fillHelia(blockstore: BlockstoreName, dir: string, file: string): Promise<void> {
  const helia = await openHelia(blockstore, dir)
  const cid = await helia.addByteStream(createReadStream(file, { highWaterMark: 2 ** 20 }))
  await helia.close()
  await writeFile(join(dir, 'cid'), cid.toString())
}

export async function heliaCid(dir: string): Promise<string> {
  return readFile(join(dir, 'cid'), 'utf8')
}
