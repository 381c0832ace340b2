import { blobOf, bytesOf, collect, fails, LEAF, sameBytes } from '@stowage/backend-testkit'
import { layouts } from '@stowage/core/spi'
import { afterAll, expect, it } from 'vitest'
import { pinataAt } from './pinata-at.ts'
import { startPinata, type Pinata } from './pinata.ts'

const servers: Pinata[] = []
afterAll(() => Promise.all(servers.map((server) => server.close())))

async function fresh(): Promise<Pinata> {
  const server = await startPinata()
  servers.push(server)
  return server
}

it('what goes up as a CAR is kept under our CID, and goes again', async () => {
  const server = await fresh()
  const backend = pinataAt(server)
  const blobs = [
    await blobOf(0),
    await blobOf(1),
    await blobOf(LEAF + 1),
    await blobOf(262_145, { layout: layouts['unixfs-v0-2015'] }),
  ]
  for (const blob of blobs) {
    await backend.put(blob)
    await backend.put(blob)
    expect(await backend.stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
    sameBytes(await bytesOf((await backend.read(blob.cid)).body), blob.bytes, `${blob.size} bytes`)
  }
  // More than a page of them.
  const sizes = (await collect(backend.list())).map(({ size }) => size)
  expect(sizes.toSorted((a, b) => a - b)).toEqual([0, 1, 262_145, LEAF + 1])
  for (const { cid } of blobs) expect(await backend.delete(cid)).toBe(true)
  expect(server.files).toEqual([])
})

it('an answer with another CID is integrity, and what was uploaded is removed', async () => {
  const server = await fresh()
  const blob = await blobOf(LEAF + 1)
  server.answerWith = String((await blobOf(12)).cid)
  await fails(pinataAt(server).put(blob), 'integrity')
  expect(server.files).toEqual([])
})

it('a blob that takes more than one request is refused before it is read', async () => {
  const backend = pinataAt(await fresh())
  const blob = await blobOf(LEAF + 1)
  let opened = 0
  const many = await blobOf(101 * LEAF)
  const put = backend.put({
    ...many,
    open: (options) => {
      opened += 1
      return blob.open(options)
    },
  })
  await fails(put, 'too-large')
  expect(opened).toBe(0)
})

it('a token that is not good is unauthenticated, and is not in the error', async () => {
  const backend = pinataAt(await fresh(), { token: 'made-up-token' })
  const { cid } = await blobOf(11)
  await fails(backend.stat(cid), 'unauthenticated')
  await expect(backend.stat(cid)).rejects.not.toThrow('made-up-token')
  expect(await backend.health()).toMatchObject({ reachable: false })
})
