import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openHttpProxy } from '@stowage/backend-testkit/proxy'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBucket, signed, startRgw, startVersitygw, type S3Credentials, type S3Server } from '../src/index.ts'
import { describeOn, shared } from '../src/shared/shared.ts'

interface Request {
  readonly as?: S3Credentials
  readonly body?: Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

function send(
  server: Omit<S3Server, 'stop'>,
  method: string,
  path: string,
  { as, body, headers }: Request = {},
): Promise<Response> {
  const url = new URL(path, server.endpoint)
  const signature = signed(method, url, { region: server.region, credentials: as ?? server.credentials })
  return fetch(url, { method, headers: { ...signature, ...headers }, ...(body && { body }) })
}

const content = new Uint8Array(randomBytes(3_000_000))

for (const [name, start] of [
  ['versitygw', startVersitygw],
  ['rgw', startRgw],
] as const) {
  describeOn(name, `an S3 server: ${name}`, () => {
    let server: S3Server
    let bucket: string
    beforeAll(async () => {
      server = await start()
      bucket = await createBucket(server)
    })
    afterAll(() => server.stop())

    it('stores what its owner puts', async () => {
      expect((await send(server, 'PUT', `/${bucket}/a/b`, { body: content })).status).toBe(200)
      expect(await (await send(server, 'GET', `/${bucket}/a/b`)).bytes()).toEqual(content)
    })

    it('answers a range', async () => {
      await send(server, 'PUT', `/${bucket}/ranged`, { body: content })
      const part = await send(server, 'GET', `/${bucket}/ranged`, { headers: { range: 'bytes=100-199' } })
      expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-199/${content.length}`])
      expect(await part.bytes()).toEqual(content.subarray(100, 200))
    })

    it('puts once only, when it is asked to', async () => {
      const once = { body: content, headers: { 'if-none-match': '*' } }
      expect((await send(server, 'PUT', `/${bucket}/once`, once)).status).toBe(200)
      expect((await send(server, 'PUT', `/${bucket}/once`, once)).status).toBe(412)
    })

    it('knows the guest, and denies it everything', async () => {
      const denied = await send(server, 'GET', `/${bucket}?list-type=2`, { as: server.guest })
      expect(denied.status).toBe(403)
      expect(await denied.text()).toContain('<Code>AccessDenied</Code>')
    })

    it('takes signatures that come through a fault proxy', async () => {
      const proxy = await openHttpProxy({
        target: server.endpoint,
        schedule: [[], [{ kind: 'cut', after: 10, how: 'end' }]],
      })
      const through = { ...server, endpoint: proxy.url }
      expect((await send(through, 'PUT', `/${bucket}/proxied`, { body: content })).status).toBe(200)
      await expect((await send(through, 'GET', `/${bucket}/proxied`)).bytes()).rejects.toThrow('terminated')
      expect(await (await send(through, 'GET', `/${bucket}/proxied`)).bytes()).toEqual(content)
      await proxy.close()
    })

    it('does not know anybody else', async () => {
      const stranger = { accessKeyId: 'stranger', secretAccessKey: 'secret' }
      const denied = await send(server, 'GET', `/${bucket}?list-type=2`, { as: stranger })
      expect(denied.status).toBe(403)
      expect(await denied.text()).toContain('<Code>InvalidAccessKeyId</Code>')
    })
  })
}

describeOn('versitygw', 'the folder of versitygw', () => {
  it('has what was put as files', async () => {
    const server = await shared('versitygw')
    const bucket = await createBucket(server)
    await send(server, 'PUT', `/${bucket}/a/b`, { body: content })
    expect(new Uint8Array(await readFile(join(server.folder, 'buckets', bucket, 'a', 'b')))).toEqual(content)
  })
})
