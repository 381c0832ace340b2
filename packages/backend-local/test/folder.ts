import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const folders: string[] = []

afterAll(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** In memory where that is possible: for tests that have nothing to do with how long a disk takes. */
export async function newFolderInMemory(): Promise<string> {
  return newFolder(existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
}

/** A new folder, gone after the tests of the file. */
export async function newFolder(parent: string = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(parent, 'stowage-local-'))
  folders.push(folder)
  return folder
}

/** Paths of all files of a kind below `blobs`. */
export async function blobFiles(dir: string): Promise<string[]> {
  return (await readdir(join(dir, 'blobs'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)
}
