import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { StorageError } from '@stowage/core'
import { parseText, type ParsedText } from './parse-text.ts'

const MODULES: readonly string[] = ['.ts', '.mts', '.js', '.mjs']

/** What a config file says, not yet checked. A module gives its default export. `invalid-config` when it cannot be read. */
export async function readConfigFile(file: string): Promise<ParsedText> {
  if (MODULES.includes(extname(file))) {
    const { default: value } = await attempt(
      file,
      async () => (await import(pathToFileURL(file).href)) as { default?: unknown },
    )
    return { value, lineOf: () => undefined }
  }
  const bytes = await attempt(file, () => readFile(file))
  return parseText(await attempt(file, async () => new TextDecoder('utf-8', { fatal: true }).decode(bytes)), file)
}

async function attempt<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new StorageError('invalid-config', `${file} cannot be read: ${reason}`, { cause, source: file })
  }
}
