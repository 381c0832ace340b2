import { inspect } from 'node:util'
import { blobOf, bytesOf, collect } from '@stowage/backend-testkit'
import { StorageError, type StorageErrorCode } from '@stowage/core/spi'
import { describeOn, shared } from '@stowage/test-servers/shared'
import { expect, it } from 'vitest'
import { s3, type S3Options } from '../src/index.ts'
import { clientOf, freshBucket, servers } from './server.ts'

/** What each method says, by its code; `health` by that of the error it reports. */
async function answers(options: S3Options): Promise<Record<string, string>> {
  const backend = s3(options)
  const blob = await blobOf(100)
  const { cid } = blob
  const calls: Record<string, () => Promise<unknown>> = {
    stat: () => backend.stat(cid),
    read: async () => bytesOf((await backend.read(cid)).body),
    range: async () => bytesOf((await backend.read(cid, { offset: 5, length: 5 })).body),
    outboard: () => backend.outboard(cid),
    put: () => backend.put(blob),
    delete: () => backend.delete(cid),
    deleteAll: () => backend.deleteAll([cid]),
    list: () => collect(backend.list()),
    health: async () => {
      const { reachable, error } = await backend.health()
      if (!reachable) throw error
    },
  }
  const found: Record<string, string> = {}
  for (const [name, call] of Object.entries(calls)) {
    found[name] = await call().then(
      () => 'fine',
      (error: unknown) => {
        expect(inspect(error, { depth: 9 })).not.toContain('hunter2')
        return StorageError.is(error) ? error.code : String(error)
      },
    )
  }
  await backend.close()
  return found
}

function everywhere(code: StorageErrorCode): Record<string, string> {
  const names = ['stat', 'read', 'range', 'outboard', 'put', 'delete', 'deleteAll', 'list', 'health']
  return Object.fromEntries(names.map((name) => [name, code]))
}

for (const name of servers) {
  describeOn(name, `s3 says what ${name} refuses`, () => {
    it('denied: a user without rights', async () => {
      const { guest } = await shared(name)
      expect(await answers({ ...(await freshBucket(name)), credentials: guest })).toEqual(everywhere('denied'))
    })

    it('denied: names the permission', async () => {
      const { guest } = await shared(name)
      const backend = s3({ ...(await freshBucket(name)), credentials: guest })
      const blob = await blobOf(100)
      await expect(backend.stat(blob.cid)).rejects.toThrow(/s3:GetObject.*s3:ListBucket/)
      await expect(backend.put(blob)).rejects.toThrow('s3:PutObject')
      await expect(collect(backend.list())).rejects.toThrow('s3:ListBucket')
      await backend.close()
    })

    it('unauthenticated: a wrong secret', async () => {
      const place = await freshBucket(name)
      const credentials = { ...place.credentials, secretAccessKey: 'hunter2' }
      expect(await answers({ ...place, credentials })).toEqual(everywhere('unauthenticated'))
    })

    it('unauthenticated: an unknown key', async () => {
      const credentials = { accessKeyId: 'nobody', secretAccessKey: 'hunter2' }
      expect(await answers({ ...(await freshBucket(name)), credentials })).toEqual(everywhere('unauthenticated'))
    })

    it('invalid-config: no such bucket, which is no miss', async () => {
      expect(await answers({ ...(await freshBucket(name)), bucket: 'not-there' })).toEqual(everywhere('invalid-config'))
    })

    it('unavailable: nobody there', async () => {
      const place = await freshBucket(name)
      const backend = s3({ ...place, endpoint: 'http://127.0.0.1:1' })
      await expect(backend.stat((await blobOf(100)).cid)).rejects.toMatchObject({
        code: 'unavailable',
        transient: true,
      })
      expect(await backend.health()).toMatchObject({ reachable: false, error: { code: 'unavailable' } })
      await backend.close()
    })

    it('unauthenticated: a clock that is off, until the SDK has seen the other one', async () => {
      const place = await freshBucket(name)
      const client = clientOf(place, { systemClockOffset: 5 * 3_600_000 })
      const backend = s3({ bucket: place.bucket, client })
      const { cid } = await blobOf(100)
      const refused = { code: 'unauthenticated', message: expect.stringContaining('clock') as string }
      await expect(backend.read(cid)).rejects.toMatchObject(refused)
      expect(await backend.stat(cid)).toBeUndefined()
      await backend.close()
      client.destroy()
    })
  })
}

describeOn('versitygw', 's3 says what versitygw refuses', () => {
  it('invalid-config: another region, and which one is right', async () => {
    const place = { ...(await freshBucket('versitygw')), region: 'eu-west-1' }
    expect(await answers(place)).toEqual(everywhere('invalid-config'))
    const backend = s3(place)
    await expect(backend.stat((await blobOf(100)).cid)).rejects.toThrow('us-east-1')
    await backend.close()
  })
})
