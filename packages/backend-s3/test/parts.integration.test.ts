import { once } from 'node:events'
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  UploadPartCommand,
  type MultipartUpload,
} from '@aws-sdk/client-s3'
import { bytesOf, collect, sameBytes } from '@stowage/backend-testkit'
import { openHttpProxy, type Fault, type HttpCall, type HttpProxy } from '@stowage/backend-testkit/proxy'
import { retry } from '@stowage/core/spi'
import { describeOn } from '@stowage/test-servers/shared'
import { expect, it } from 'vitest'
import { s3, type S3Backend, type S3Options } from '../src/index.ts'
import { PART } from '../src/part-plan.ts'
import { startPut } from './child.ts'
import { sample, type Sample } from './sample.ts'
import { clientOf, freshBucket, servers, type Place } from './server.ts'

const MiB = 1024 * 1024

async function unfinished(place: Place): Promise<MultipartUpload[]> {
  const client = clientOf(place)
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: place.bucket }))
  client.destroy()
  return Uploads
}

/** The sizes of the parts that the server has of the one upload. */
async function partsThere(place: Place): Promise<number[]> {
  const client = clientOf(place)
  const [upload] = await unfinished(place)
  if (upload === undefined) return []
  const { Key, UploadId } = upload
  const { Parts = [] } = await client.send(new ListPartsCommand({ Bucket: place.bucket, Key, UploadId }))
  client.destroy()
  return Parts.map(({ Size = 0 }) => Size)
}

async function whole(backend: S3Backend, blob: Sample): Promise<void> {
  expect(await backend.stat(blob.cid)).toMatchObject({ size: blob.size })
  sameBytes(await bytesOf((await backend.read(blob.cid)).body), blob.bytes, 'bytes')
  expect(Buffer.from((await backend.outboard(blob.cid)) ?? [])).toEqual(Buffer.from(blob.outboard))
}

const isPart = ({ method, path }: HttpCall): boolean => method === 'PUT' && path.includes('partNumber=')

/** Everything but so many parts fails, as if the network had gone. */
function goesAfter(parts: number): (call: HttpCall) => readonly Fault[] {
  let sent = 0
  return (call) => {
    if (isPart(call)) sent += 1
    return sent > parts ? [{ kind: 'refuse' }] : []
  }
}

async function through(place: Place): Promise<{ proxy: HttpProxy; options: S3Options }> {
  const proxy = await openHttpProxy({ target: place.endpoint })
  return { proxy, options: { ...place, endpoint: proxy.url } }
}

for (const name of servers) {
  describeOn(name, `large blobs on ${name}`, () => {
    it.each([PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1, 5 * MiB + 1, 3 * PART + 7])(
      'puts %d bytes and leaves no upload behind',
      async (size) => {
        const place = await freshBucket(name)
        const backend = s3({ ...place, prefix: 'p/' })
        const blob = await sample(size)
        await backend.put(blob)
        await whole(backend, blob)
        await backend.put(blob)
        expect(await collect(backend.list())).toEqual([{ cid: blob.cid, size }])
        expect(await unfinished(place)).toEqual([])
        await backend.close()
      },
    )

    it.each([0, 1, 3, 6])('goes on after the network went with the %d. part', async (parts) => {
      const place = await freshBucket(name)
      const { proxy, options } = await through(place)
      const blob = await sample(8 * PART - 5, `cut-${parts}`)

      proxy.schedule(goesAfter(parts))
      const first = s3(options)
      await expect(first.put(blob)).rejects.toMatchObject({ code: 'unavailable', transient: true })
      expect(await first.stat(blob.cid).catch(() => undefined)).toBeUndefined()
      await first.close()
      proxy.schedule([])
      const direct = s3(place)
      expect(await direct.stat(blob.cid)).toBeUndefined()
      expect(await direct.outboard(blob.cid)).toBeUndefined()

      const before = proxy.counts().sent
      const second = s3(options)
      await second.put(blob)
      const moved = proxy.counts().sent - before
      expect(moved).toBeLessThan(blob.size - parts * PART + 256 * 1024)
      expect(moved).toBeGreaterThan(blob.size - parts * PART - PART)
      await whole(direct, blob)
      expect(await unfinished(place)).toEqual([])
      await second.close()
      await direct.close()
      await proxy.close()
    })

    it('goes on after connections broke in the middle of parts', async () => {
      const place = await freshBucket(name)
      const { proxy, options } = await through(place)
      const blob = await sample(2 * PART + 1, 'torn')
      for (const after of [1, 100_000, PART - 1]) {
        let torn = 0
        proxy.schedule((call) =>
          isPart(call) && torn++ < 30 ? [{ kind: 'cut', after, how: 'reset', of: 'request' }] : [],
        )
        const backend = s3(options)
        await expect(backend.put(blob)).rejects.toMatchObject({ code: 'unavailable', transient: true })
        await backend.close()
      }
      proxy.schedule([])
      const backend = s3(options)
      await backend.put(blob)
      await whole(backend, blob)
      await backend.close()
      await proxy.close()
    })

    it('stops at an abort, and goes on from there', async () => {
      const place = await freshBucket(name)
      const { proxy, options } = await through(place)
      const blob = await sample(6 * PART, 'aborted')
      const abort = new AbortController()
      const reason = new Error('changed my mind')
      let parts = 0
      proxy.schedule((call) => {
        if (!isPart(call)) return []
        parts += 1
        if (parts === 3) setImmediate(() => abort.abort(reason))
        return parts < 3 ? [] : [{ kind: 'hang' }]
      })
      const backend = s3(options)
      await expect(backend.put(blob, { signal: abort.signal })).rejects.toBe(reason)
      expect(await backend.stat(blob.cid)).toBeUndefined()
      const asked = proxy.calls.length
      expect(await unfinished(place)).toHaveLength(1)
      expect(proxy.calls.length).toBe(asked)
      proxy.schedule([])
      await backend.put(blob)
      await whole(backend, blob)
      await backend.close()
      await proxy.close()
    })

    it('goes on after kill -9, in another process', async () => {
      const place = await freshBucket(name)
      const { proxy, options } = await through(place)
      const size = 6 * PART + 11
      const blob = await sample(size, 'killed')
      let parts = 0
      proxy.schedule((call) => (isPart(call) && ++parts > 3 ? [{ kind: 'hang' }] : []))
      const child = startPut(options, size, 'killed')
      await expect.poll(() => partsThere(place), { timeout: 30_000 }).toHaveLength(3)
      const there = (await partsThere(place)).reduce((sum, bytes) => sum + bytes, 0)
      child.kill('SIGKILL')
      await once(child, 'close')
      const backend = s3(place)
      expect(await backend.stat(blob.cid)).toBeUndefined()
      expect(await unfinished(place)).toHaveLength(1)

      proxy.schedule([])
      const before = proxy.counts().sent
      const next = startPut(options, size, 'killed')
      expect(await once(next, 'close')).toEqual([0, null])
      expect(proxy.counts().sent - before).toBeLessThan(size - there + 256 * 1024)
      await whole(backend, blob)
      expect(await unfinished(place)).toEqual([])
      await backend.close()
      await proxy.close()
    })

    it('takes one blob from several processes at once', async () => {
      const place = await freshBucket(name)
      const size = 4 * PART + 3
      const children = [1, 2, 3].map(() => startPut(place, size, 'together'))
      const ends = await Promise.all(children.map((child) => once(child, 'close')))
      expect(ends).toEqual([
        [0, null],
        [0, null],
        [0, null],
      ])
      const backend = s3(place)
      await whole(backend, await sample(size, 'together'))
      expect(await unfinished(place)).toEqual([])
      await backend.close()
    })

    it('replaces a part with other bytes that was left behind, however right its size', async () => {
      const place = await freshBucket(name)
      const backend = s3(place)
      const blob = await sample(2 * PART, 'poisoned')
      const client = clientOf(place)
      const at = { Bucket: place.bucket, Key: blob.cid.toString() }
      const begun = new CreateMultipartUploadCommand({ ...at, ChecksumAlgorithm: 'SHA256' })
      const { UploadId } = await client.send(begun)
      const part = { ...at, UploadId, PartNumber: 1, Body: Buffer.alloc(PART, 7) }
      await client.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: 'SHA256' }))
      await backend.put(blob)
      await whole(backend, blob)
      client.destroy()
      await backend.close()
    })

    it('begins anew when its upload is given up under its hands', async () => {
      const place = await freshBucket(name)
      const { proxy, options } = await through(place)
      const blob = await sample(5 * PART, 'given-up')
      const client = clientOf(place)
      let dropped = false
      proxy.schedule(async (call) => {
        if (dropped || !isPart(call)) return []
        dropped = true
        for (const { Key, UploadId } of await unfinished(place))
          await client.send(new AbortMultipartUploadCommand({ Bucket: place.bucket, Key, UploadId }))
        return []
      })
      const backend = s3(options)
      // As core does: a server may close the connection to say that there is no such upload.
      await retry({ delays: [50] })(backend).put?.(blob)
      await whole(backend, blob)
      expect(dropped).toBe(true)
      client.destroy()
      await backend.close()
      await proxy.close()
    })

    it('does without what the server does not know or allow', async () => {
      const place = await freshBucket(name)
      const { proxy, options } = await through(place)
      const refused: string[] = []
      proxy.schedule(({ method, path, headers }) => {
        const isConditional = headers['if-none-match'] !== undefined
        const listsUploads = method === 'GET' && /[?&]uploads/.test(path)
        if (!isConditional && !listsUploads) return []
        refused.push(isConditional ? method : 'uploads')
        return [{ kind: 'status', status: isConditional ? 501 : 403 }]
      })
      const backend = s3(options)
      for (const size of [10, 2 * PART]) {
        const blob = await sample(size)
        await backend.put(blob)
        await whole(backend, blob)
      }
      expect(new Set(refused)).toEqual(new Set(['PUT', 'POST', 'uploads']))
      await backend.close()
      await proxy.close()
    })

    it('begins nothing anew that another process finished meanwhile', async () => {
      const place = await freshBucket(name)
      const { proxy, options } = await through(place)
      const blob = await sample(3 * PART, 'overtaken')
      const direct = s3(place)
      let overtaken: Promise<void> | undefined
      proxy.schedule(async (call) => {
        if (isPart(call)) await (overtaken ??= direct.put(blob))
        return []
      })
      const backend = s3(options)
      await backend.put(blob)
      await whole(backend, blob)
      expect(proxy.calls.filter(({ method, path }) => method === 'POST' && /[?&]uploads/.test(path))).toHaveLength(1)
      expect(await unfinished(place)).toEqual([])
      await backend.close()
      await direct.close()
      await proxy.close()
    })

    it('removes stale uploads of blobs, and leaves those of others alone', async () => {
      const place = await freshBucket(name)
      const client = clientOf(place)
      const other = await sample(10, 'other')
      const keys = [`p/${other.cid}`, 'p/backup.tar', `q/${other.cid}`]
      for (const Key of keys) await client.send(new CreateMultipartUploadCommand({ Bucket: place.bucket, Key }))
      const patient = s3({ ...place, prefix: 'p/' })
      await patient.put(await sample(PART + 1, 'one'))
      expect((await unfinished(place)).map(({ Key }) => Key)).toEqual(keys.toSorted())
      // Clocks of servers count in seconds.
      const impatient = s3({ ...place, prefix: 'p/', uploadAge: 1 })
      await expect
        .poll(
          async () => {
            await patient.delete((await sample(PART + 1, 'two')).cid)
            await impatient.put(await sample(PART + 1, 'two'))
            return (await unfinished(place)).map(({ Key }) => Key)
          },
          { timeout: 10_000 },
        )
        .toEqual(keys.slice(1).toSorted())
      client.destroy()
      await patient.close()
      await impatient.close()
    })
  })
}
