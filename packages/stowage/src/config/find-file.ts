import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { configError } from './problem.ts'

const NAMES: readonly string[] = ['yaml', 'yml', 'json', 'ts'].map((extension) => `stowage.config.${extension}`)

/** The one `stowage.config.{yaml,yml,json,ts}` in a folder, if there is one. Two of them are refused: neither is meant to be ignored. */
export async function findConfigFile(folder: string): Promise<string | undefined> {
  const entries = new Set(await readdir(folder).catch(() => []))
  const found = NAMES.filter((name) => entries.has(name))
  if (found.length > 1) {
    throw configError({ label: folder }, [{ path: [], text: `expected one config file, found ${found.join(' and ')}` }])
  }
  return found[0] === undefined ? undefined : join(folder, found[0])
}
