import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadConfig } from './load-config.ts'
import { parseText } from './parse-text.ts'
import { root } from './schema.ts'

const FILE = join(import.meta.dirname, '../../../../examples/snippets/stowage.config.yaml')
const SECRETS = [
  'GATEWAY_TOKEN',
  'KUBO_TOKEN',
  'S3_KEY_ID',
  'S3_SECRET',
  'S3_SESSION',
  'PINNING_TOKEN',
  'PINATA_TOKEN',
  'FILECOIN_KEY',
]
const env = Object.fromEntries(['HOME', ...SECRETS].map((name) => [name, `/${name}`]))

test('the example of the page is a sound configuration', async () => {
  const { config, unknownKeys } = await loadConfig({ config: FILE, env, cwd: '/', dirOf: (dir) => dir ?? '/' })
  expect(unknownKeys).toEqual([])
  expect(Object.keys(config.backends ?? {})).toEqual(['local', 'helia', 'ipfs', 'gateways', 's3', 'pinning', 'pinata'])
  expect(config.backends?.local?.path).toBe('/HOME/models-storage')
})

test('and shows every key that there is', async () => {
  const shown = keysOf(parseText(await readFile(FILE, 'utf8'), FILE).value)
  const known = keysIn(root).filter((key) => !/^backends\..+\.enabled$/.test(key))
  expect(known).toContain('backends.s3.credentials.sessionToken')
  expect(known.filter((key) => !shown.includes(key))).toEqual([])
})

const below = (key: string, keys: readonly string[]): string[] => [key, ...keys.map((child) => `${key}.${child}`)]

function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, child]) => below(key, keysOf(child)))
}

/** The keys of a schema, through what may be left out and what may have several forms. */
function keysIn(schema: unknown): string[] {
  const { shape, def } = schema as { shape?: object; def?: { innerType?: unknown; options?: readonly unknown[] } }
  if (shape !== undefined) return Object.entries(shape).flatMap(([key, child]) => below(key, keysIn(child)))
  if (def?.innerType !== undefined) return keysIn(def.innerType)
  return def?.options?.flatMap(keysIn) ?? []
}
