import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it that are missing; answers with the first one made, `undefined` when it was there.
 * Like `mkdir` with `recursive`, which never comes back from places such as `/proc/missing`, where a folder is said
 * not to exist and yet cannot be made (Node 24.21). Fails with Node's own error.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    await mkdir(path)
    return path
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return undefined
    if (code !== 'ENOENT' || dirname(path) === path) throw error
  }
  const first = await makeFolder(dirname(path))
  const made = await makeOnly(path)
  return first ?? made
}

async function makeOnly(path: string): Promise<string | undefined> {
  try {
    await mkdir(path)
    return path
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
