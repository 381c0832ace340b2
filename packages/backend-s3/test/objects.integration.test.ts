import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { blobOf, bytesOf, collect, LEAF, sameBytes, sizes } from '@stowage/backend-testkit'
import { openHttpProxy, type Fault } from '@stowage/backend-testkit/proxy'
import { memory, StorageWrapper } from '@stowage/core'
import { buildDirectory, dagPbCid, layouts, StorageError, type CID } from '@stowage/core/spi'
import { describeOn } from '@stowage/test-servers/shared'
import { expect, it } from 'vitest'
import { s3, type S3Options } from '../src/index.ts'
import { sample } from './sample.ts'
import { clientOf, freshBucket, servers, type Place } from './server.ts'

async function keysIn(place: Place): Promise<string[]> {
  const client = clientOf(place)
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: place.bucket }))
  client.destroy()
  return Contents.map(({ Key = '' }) => Key)
}

async function putBytes(place: Place, key: string, bytes: Uint8Array | string): Promise<void> {
  const client = clientOf(place)
  await client.send(new PutObjectCommand({ Bucket: place.bucket, Key: key, Body: bytes }))
  client.destroy()
}

/** Runs with a backend behind a proxy whose every request has these faults. */
async function withFaults<T>(
  place: Place,
  faults: readonly Fault[],
  use: (options: S3Options) => Promise<T>,
): Promise<T> {
  const proxy = await openHttpProxy({ target: place.endpoint, schedule: () => faults })
  try {
    return await use({ ...place, endpoint: proxy.url })
  } finally {
    await proxy.close()
  }
}

for (const name of servers) {
  describeOn(name, `objects on ${name}`, () => {
    it('are the bytes, nothing else, and an outboard where there is one', async () => {
      const place = await freshBucket(name)
      const backend = s3({ ...place, prefix: 'p/' })
      for (const { size } of sizes) {
        const blob = await blobOf(size)
        await backend.put(blob)
        const client = clientOf(place)
        const { Body } = await client.send(new GetObjectCommand({ Bucket: place.bucket, Key: `p/${blob.cid}` }))
        sameBytes((await Body?.transformToByteArray()) ?? new Uint8Array(0), blob.bytes, `object of ${size} bytes`)
        client.destroy()
        const isThere = (await keysIn(place)).includes(`p/${blob.cid}.outboard`)
        expect([size, isThere]).toEqual([size, size > LEAF])
      }
      await backend.close()
    })

    it.each(['', 'a/', 'a b/ä+%&?#=~/', 'plain-', 'quotes\'"<&>/', '100%25/'])(
      'have any prefix: %j',
      async (prefix) => {
        const place = await freshBucket(name)
        const backend = s3({ ...place, prefix })
        const blob = await blobOf(LEAF + 1)
        await backend.put(blob)
        expect(await keysIn(place)).toEqual([`${prefix}${blob.cid}`, `${prefix}${blob.cid}.outboard`])
        expect(await collect(backend.list())).toEqual([{ cid: blob.cid, size: LEAF + 1 }])
        sameBytes(await bytesOf((await backend.read(blob.cid)).body), blob.bytes, 'bytes')
        const response = await fetch(await backend.url(blob.cid))
        sameBytes(await response.bytes(), blob.bytes, 'bytes by URL')
        expect(await backend.delete(blob.cid)).toBe(true)
        expect(await keysIn(place)).toEqual([])
        await backend.close()
      },
    )

    it('of two prefixes know nothing of each other', async () => {
      const place = await freshBucket(name)
      const [one, two] = [s3({ ...place, prefix: 'one/' }), s3({ ...place, prefix: 'two/' })]
      const blob = await blobOf(100)
      await one.put(blob)
      expect(await two.stat(blob.cid)).toBeUndefined()
      expect(await collect(two.list())).toEqual([])
      expect(await two.delete(blob.cid)).toBe(false)
      expect(await one.stat(blob.cid)).toEqual({ cid: blob.cid, size: 100 })
      await one.close()
      await two.close()
    })

    it('of others are passed over', async () => {
      const place = await freshBucket(name)
      const backend = s3({ ...place, prefix: 'p/' })
      const blob = await blobOf(100)
      const other = (await blobOf(101)).cid
      await backend.put(blob)
      const foreign = [
        'p/readme.txt',
        'p/bak.tar',
        `p/${other}.bak`,
        `p/sub/${other}`,
        `p/${other}.outboard`,
        `q/${other}`,
      ]
      for (const key of foreign) await putBytes(place, key, 'foreign')
      expect(await collect(backend.list())).toEqual([{ cid: blob.cid, size: 100 }])
      expect(await backend.stat(other)).toBeUndefined()
      expect(await backend.outboard(other)).toBeUndefined()
      await backend.close()
    })

    it('that stand in the way, of another size, are a conflict and stay', async () => {
      const place = await freshBucket(name)
      const backend = s3(place)
      for (const size of [100, 2 * LEAF]) {
        const blob = await blobOf(size)
        await putBytes(place, `${blob.cid}`, 'something else')
        await expect(backend.put(blob)).rejects.toMatchObject({ code: 'conflict', transient: false })
        expect(await backend.stat(blob.cid)).toMatchObject({ size: 14 })
      }
      await backend.close()
    })

    it('of a CIDv0 and its twin are one', async () => {
      const backend = s3(await freshBucket(name))
      const blob = await blobOf(3 * 262_144, { layout: layouts['unixfs-v0-2015'] })
      await backend.put(blob)
      const twin = dagPbCid(blob.cid.multihash.digest, 1)
      expect(await backend.stat(twin)).toEqual({ cid: twin, size: blob.size })
      await backend.put({ ...blob, cid: twin })
      expect(await collect(backend.list())).toEqual([{ cid: twin, size: blob.size }])
      await backend.close()
    })

    it('are listed and removed beyond the thousand of a page', async () => {
      const place = await freshBucket(name)
      const backend = s3({ ...place, prefix: 'many/' })
      const cids: CID[] = []
      for (let start = 0; start < 1100; start += 50) {
        const blobs = await Promise.all(Array.from({ length: 50 }, (_, index) => sample(20, `${start + index}`)))
        await Promise.all(blobs.map((blob) => backend.put(blob)))
        cids.push(...blobs.map(({ cid }) => cid))
      }
      const listed = new Set((await collect(backend.list())).map(({ cid }) => cid.toString()))
      expect(listed).toEqual(new Set(cids.map((cid) => cid.toString())))
      await backend.deleteAll([...cids.slice(1), (await blobOf(7)).cid])
      expect(await collect(backend.list())).toEqual([{ cid: cids[0], size: 20 }])
      await backend.close()
    })

    it('hold directories, which are no blobs', async () => {
      const place = await freshBucket(name)
      const backend = s3(place)
      const [a, b] = [await blobOf(100), await blobOf(LEAF + 1)]
      const entries = [
        { name: 'a', cid: a.cid, size: a.size, dagSize: 100 },
        { name: 'b', cid: b.cid, size: b.size, dagSize: LEAF + 101 },
      ]
      const directory = buildDirectory(entries)
      const { cid } = directory
      expect(await backend.directory(cid)).toBeUndefined()
      await backend.put(a)
      await backend.putDirectory(directory)
      await backend.putDirectory(directory)
      const found = await backend.directory(cid)
      expect(found?.nodes.map((node) => Buffer.from(node.bytes))).toEqual(
        directory.nodes.map((node) => Buffer.from(node.bytes)),
      )
      expect(found?.children.map(String).toSorted()).toEqual([a.cid, b.cid].map(String).toSorted())
      expect(await backend.stat(cid)).toMatchObject({ isDirectory: true, size: LEAF + 201 })
      expect(await backend.directory(a.cid)).toBeUndefined()
      await expect(backend.read(cid)).rejects.toMatchObject({ code: 'not-found' })
      const listed = await collect(backend.list())
      expect(listed.filter(({ isDirectory }) => isDirectory).map((each) => each.cid.toString())).toEqual([`${cid}`])
      expect(await backend.delete(cid)).toBe(true)
      expect(await backend.stat(cid)).toBeUndefined()
      await expect(backend.putDirectory({ ...directory, children: [b.cid, cid] })).rejects.toMatchObject({
        code: 'integrity',
      })
      await backend.close()
    })

    it('have URLs that anybody may read for a while, in ranges as well', async () => {
      const place = await freshBucket(name)
      const backend = s3(place)
      const blob = await blobOf(1000)
      await backend.put(blob)
      const url = await backend.url(blob.cid, { expiresIn: 60 })
      expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('60')
      const part = await fetch(url, { headers: { range: 'bytes=10-19' } })
      expect(part.status).toBe(206)
      sameBytes(await part.bytes(), blob.bytes.subarray(10, 20), 'range by URL')
      expect((await fetch(url.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status).toBe(403)
      for (const expiresIn of [0, 1.5, 604_801])
        await expect(backend.url(blob.cid, { expiresIn })).rejects.toMatchObject({ code: 'invalid-argument' })
      await backend.close()
    })

    it('that lie in no archive are ready', async () => {
      const backend = s3(await freshBucket(name))
      const blob = await blobOf(100)
      await expect(backend.restore(blob.cid)).rejects.toMatchObject({ code: 'not-found' })
      await backend.put(blob)
      expect(await backend.restore(blob.cid)).toEqual({ status: 'ready' })
      await backend.close()
    })

    it.each<[string, readonly Fault[]]>([
      ['breaks off', [{ kind: 'cut', after: 70_000, how: 'reset' }]],
      ['ends early', [{ kind: 'cut', after: 70_000, how: 'end' }]],
      ['is longer than it says', [{ kind: 'length', by: -1 }]],
      ['is shorter than it says', [{ kind: 'length', by: 1 }]],
      ['is another range', [{ kind: 'range', how: 'shifted' }]],
      ['calls itself another range', [{ kind: 'range', how: 'mislabelled' }]],
      ['is 503', [{ kind: 'status', status: 503 }]],
      ['never comes', [{ kind: 'refuse' }]],
    ])('are transiently unavailable when an answer %s', async (_, faults) => {
      const place = await freshBucket(name)
      const blob = await blobOf(3 * LEAF)
      const direct = s3(place)
      await direct.put(blob)
      await direct.close()
      await withFaults(place, faults, async (options) => {
        const backend = s3(options)
        const read = async (): Promise<void> => {
          const chunks: Uint8Array[] = []
          for await (const chunk of (await backend.read(blob.cid, { offset: 5, length: 2 * LEAF })).body)
            chunks.push(chunk)
        }
        const error: unknown = await read().then(
          () => 'nothing failed',
          (reason: unknown) => reason,
        )
        expect(error).toMatchObject({ code: 'unavailable', transient: true })
        await backend.close()
      })
    })

    it('that hang let go at an abort and at a close, from the first byte on or later', async () => {
      const place = await freshBucket(name)
      const blob = await blobOf(3 * LEAF)
      const direct = s3(place)
      await direct.put(blob)
      await direct.close()
      for (const fault of [{ kind: 'hang' }, { kind: 'hang', after: 100_000 }] as const) {
        await withFaults(place, [fault], async (options) => {
          const backend = s3(options)
          const abort = new AbortController()
          const reason = new Error('changed my mind')
          const read = async (signal?: AbortSignal): Promise<void> => {
            for await (const _ of (await backend.read(blob.cid, { signal })).body) if (signal) abort.abort(reason)
          }
          const aborted = expect(read(abort.signal)).rejects.toBe(reason)
          const closed = expect(read()).rejects.toMatchObject({ code: 'closed' })
          if (!('after' in fault)) setImmediate(() => abort.abort(reason))
          await aborted
          await backend.close()
          await closed
        })
      }
    })

    it('are rate-limited when the server says so', async () => {
      const place = await freshBucket(name)
      await withFaults(place, [{ kind: 'status', status: 429 }], async (options) => {
        const backend = s3(options)
        const limited = { code: 'rate-limited', transient: true }
        await expect(backend.stat((await blobOf(7)).cid)).rejects.toMatchObject(limited)
        await backend.close()
      })
    })

    it('with wrong bytes are refused by core, wherever the byte is', async () => {
      const place = await freshBucket(name)
      const blob = await blobOf(2 * LEAF + 5)
      const direct = s3(place)
      await direct.put(blob)
      for (const at of [0, LEAF, 2 * LEAF + 4]) {
        const wrong = Uint8Array.from(blob.bytes)
        wrong[at] = (wrong[at] ?? 0) ^ 1
        await putBytes(place, `${blob.cid}`, wrong)
        const gate = { distributed: true, reason: 'option', detail: 'distributed: true' } as const
        const storage = new StorageWrapper({ near: memory(), tiers: [direct], gate: { ...gate, open: true } })
        const error: unknown = await storage
          .get(blob.cid)
          .bytes()
          .catch((reason: unknown) => reason)
        expect(StorageError.is(error, 'integrity')).toBe(true)
        expect(await storage.has(blob.cid, { near: true })).toBe(false)
      }
      await direct.close()
    })

    it('get the storage class that was asked for; outboards do not', async () => {
      const place = await freshBucket(name)
      const seen: (string | undefined)[] = []
      const proxy = await openHttpProxy({
        target: place.endpoint,
        schedule: (call) => {
          if (call.method === 'PUT') seen.push(call.headers['x-amz-storage-class'])
          return []
        },
      })
      const backend = s3({ ...place, endpoint: proxy.url, storageClass: 'STANDARD' })
      await backend.put(await blobOf(LEAF + 1))
      expect(seen).toEqual([undefined, 'STANDARD'])
      await backend.close()
      await proxy.close()
    })

    it('carry a blob from one machine to another', async () => {
      const place = await freshBucket(name)
      const tiers = [s3(place)]
      const gate = { open: true, distributed: true, reason: 'option', detail: 'distributed: true' } as const
      await using first = new StorageWrapper({ near: memory(), tiers, gate })
      await using second = new StorageWrapper({ near: memory(), tiers: [s3(place)], gate })
      const bytes = (await blobOf(4 * LEAF + 9)).bytes
      const put = await first.put(bytes, { replicate: 'wait' })
      expect(put.tiers).toMatchObject({ s3: { status: 'stored' } })
      sameBytes(await second.get(put.cid).bytes(), bytes, 'bytes')
      const client = clientOf(place)
      const head = await client.send(new HeadObjectCommand({ Bucket: place.bucket, Key: `${put.cid}` }))
      expect(head.ContentLength).toBe(bytes.length)
      client.destroy()
    })
  })
}
