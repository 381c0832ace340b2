import { randomBytes } from 'node:crypto'
import { blobOf, bytesOf, LEAF, sameBytes } from '@stowage/backend-testkit'
import { formatCid, layouts, parseCid, type CID } from '@stowage/core/spi'
import { startKubo, type Kubo } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kubo, type KuboBackend } from '../src/index.ts'
import { bytesFrom, call, clear } from './rpc.ts'

const PROFILE = 'cid-version=1&raw-leaves=true&chunker=size-1048576&max-file-links=1024'

describeOn('kubo', 'what is put here and what is added there', () => {
  let server: Kubo
  let backend: KuboBackend
  beforeAll(async () => {
    server = await startKubo()
    backend = kubo({ url: server.api })
  })
  afterAll(async () => {
    await backend.close()
    await server.stop()
  })

  const add = async (bytes: Uint8Array, options: string): Promise<CID> =>
    parseCid(String((await call(server.api, `add?${options}`, bytes)).at(-1)?.['Hash']))

  it.each(Object.values(layouts))('$name: the same bytes, under the same CID, both ways', async (layout) => {
    await clear(server.api)
    const blob = await blobOf(3 * LEAF + 7, { layout, seed: 5 })
    await backend.put(blob)
    sameBytes(await bytesFrom(server.api, `cat?arg=${formatCid(blob.cid)}&offline=true`), blob.bytes, 'ipfs cat')
    const options = { 'unixfs-v1-2025': PROFILE, 'kubo-legacy-cidv1': 'cid-version=1', 'unixfs-v0-2015': '' }[
      layout.name
    ]
    expect(formatCid(await add(blob.bytes, options ?? ''))).toBe(formatCid(blob.cid))
  })

  it.each([
    ['the profile of today', PROFILE],
    ['the defaults, CIDv0', ''],
    ['trickle', 'cid-version=1&trickle=true'],
    ['raw leaves without a limit', 'cid-version=1&chunker=rabin'],
    ['inlined', 'cid-version=1&inline=true&inline-limit=64&chunker=size-60'],
  ])('what is added there by %s is read here', async (_, options) => {
    await clear(server.api)
    const bytes = new Uint8Array(randomBytes(options.includes('inline') ? 1000 : 2 * LEAF + 11))
    const cid = await add(bytes, options)
    expect(await backend.stat(cid)).toEqual({ cid, size: bytes.length })
    sameBytes(await bytesOf((await backend.read(cid)).body), bytes, 'all')
    const { body } = await backend.read(cid, { offset: 500, length: 300 })
    sameBytes(await bytesOf(body), bytes.subarray(500, 800), 'a range')
  })
})
