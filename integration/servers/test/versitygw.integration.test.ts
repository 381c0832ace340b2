import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBucket, signed, startVersitygw, type S3Credentials, type Versitygw } from '../src/index.ts'
import { describeOn } from '../src/shared/shared.ts'

describeOn('versitygw', 'startVersitygw', () => {
  let server: Versitygw
  beforeAll(async () => {
    server = await startVersitygw()
  })
  afterAll(() => server.stop())

  const send = (
    method: string,
    path: string,
    credentials: S3Credentials,
    body?: Uint8Array<ArrayBuffer>,
  ): Promise<Response> => {
    const url = new URL(path, server.endpoint)
    return fetch(url, {
      method,
      headers: signed(method, url, { region: server.region, credentials }),
      ...(body && { body }),
    })
  }

  it('stores what its owner puts', async () => {
    const bucket = await createBucket(server)
    const bytes = new Uint8Array(randomBytes(100_000))
    expect((await send('PUT', `/${bucket}/a/b`, server.credentials, bytes)).status).toBe(200)
    expect(await (await send('GET', `/${bucket}/a/b`, server.credentials)).bytes()).toEqual(bytes)
    expect(new Uint8Array(await readFile(join(server.folder, 'buckets', bucket, 'a', 'b')))).toEqual(bytes)
  })

  it('knows the guest, and denies it everything', async () => {
    const bucket = await createBucket(server)
    const denied = await send('GET', `/${bucket}?list-type=2`, server.guest)
    expect(denied.status).toBe(403)
    expect(await denied.text()).toContain('<Code>AccessDenied</Code>')
  })
})
