import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createStorage, type StorageOptions, type StorageWrapper } from 'stowage'

/** A storage in a folder, by itself: no configuration, and nothing far unless it is asked for. */
export function openStorage(dir: string, options: StorageOptions = {}): Promise<StorageWrapper> {
  return createStorage({ dir: join(dir, 'store'), config: false, ...options })
}

/** Puts a file there and notes its CID beside it. */
export async function fillStorage(dir: string, file: string): Promise<void> {
  await using storage = await openStorage(dir)
  const { cid } = await storage.putFile(file)
  await writeFile(join(dir, 'cid'), cid.toString())
}

export function cidIn(dir: string): Promise<string> {
  return readFile(join(dir, 'cid'), 'utf8')
}
