import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, expect, it, vi } from 'vitest'
import { built, cacheFolder, programOf, unavailable } from '../src/catalog.ts'
import { temporaryFolder } from '../src/will.ts'

const folder = temporaryFolder('catalog')
afterEach(() => vi.unstubAllEnvs())
afterAll(() => folder.remove())

it.each(Object.entries(built))('%s has the version that its module pins', (name, { module, version }) => {
  const pinned = readFileSync(join(import.meta.dirname, '..', 'go', name, 'go.mod'), 'utf8')
  expect(pinned).toContain(`\t${module} v${version} `)
})

it('finds the cache where the environment says', () => {
  expect(cacheFolder({ STOWAGE_SERVERS: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe('/b/stowage-servers')
  expect(cacheFolder({ XDG_CACHE_HOME: '' })).toMatch(/\/\.cache\/stowage-servers$/)
})

it('says what is missing, and nothing when it is there', () => {
  vi.stubEnv('STOWAGE_SERVERS', folder.path)
  vi.stubEnv('PATH', folder.path)
  expect(unavailable('kubo')).toBe(`needs kubo ${built.kubo.version}: pnpm servers`)
  expect(unavailable('rgw')).toContain('radosgw')
  mkdirSync(dirname(programOf('kubo')))
  writeFileSync(programOf('kubo'), '')
  expect(unavailable('kubo')).toBeDefined()
  mkdirSync(dirname(programOf('versitygw')))
  writeFileSync(programOf('versitygw'), '', { mode: 0o755 })
  expect(unavailable('versitygw')).toBeUndefined()
})
