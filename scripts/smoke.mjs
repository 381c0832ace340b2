// What a user does first, with the packed packages and nothing of this workspace; run by check-packages.sh.
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStorage, memory, StorageError, StorageWrapper } from 'stowage'
import { parseOutboard } from '@stowage/core/spi'

const folder = await mkdtemp(join(tmpdir(), 'stowage-smoke-'))
try {
  const storage = await createStorage({ dir: folder, config: false })
  const small = await storage.put('hello world', { name: 'greeting' })
  // The CID that `ipfs add --cid-version=1` gives these bytes.
  assert.equal(String(small.cid), 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
  assert.equal(await storage.get('greeting').text(), 'hello world')

  const bytes = new Uint8Array(5 * 2 ** 20).map((_, index) => index % 251)
  const large = await storage.put(bytes)
  assert.deepEqual(await storage.get(large.cid).bytes(), bytes)
  assert.deepEqual(new Uint8Array(await readFile(await storage.get(large.cid).path())), bytes)
  await assert.rejects(storage.get('nothing').bytes(), (error) => StorageError.is(error, 'not-found'))
  await storage.close()

  assert.ok(
    await createStorage({ dir: folder, config: false }).then(
      async (again) => (await again.has('greeting')) && again.close().then(() => true),
    ),
  )
  const inMemory = new StorageWrapper({ near: memory() })
  assert.equal(String((await inMemory.put(bytes)).cid), String(large.cid))
  await inMemory.close()
  assert.equal(typeof parseOutboard, 'function')

  const far = {
    archive: 'archive',
    blockstore: 'blockstore',
    gateway: 'gateway',
    helia: 'helia',
    kubo: 'kubo',
    pinning: 'pinning',
    s3: 's3',
  }
  for (const [name, factory] of Object.entries(far)) {
    const backend = /** @type {Record<string, unknown>} */ (await import(`@stowage/backend-${name}`))
    assert.equal(typeof backend[factory], 'function', name)
  }
  console.log(`The packed packages work on Node ${process.versions.node}.`)
} finally {
  await rm(folder, { recursive: true, force: true })
}
