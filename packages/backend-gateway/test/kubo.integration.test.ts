import { backendCases, blobOf, bytesOf, fails, plan, sameBytes, type Subject } from '@stowage/backend-testkit'
import { defaultLayout, fixedSize, layouts, parseOutboard, type Backend } from '@stowage/core/spi'
import { startKubo, unavailable, type Kubo } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import { afterAll, describe, expect, it } from 'vitest'
import { gateway, mirror, type Format } from '../src/index.ts'
import { blocksOf } from './blocks-of.ts'
import { empty, seed, seedBlocks } from './kubo.ts'

let started: Promise<Kubo> | undefined
const kubo = (): Promise<Kubo> => (started ??= startKubo())
afterAll(async () => (await started)?.stop())

function subject(open: (url: string) => Backend): Subject {
  return {
    open: async () => {
      // The cases are planned, and then skipped, where there is no Kubo.
      if (unavailable('kubo') !== undefined) return open('http://127.0.0.1:8080')
      await empty(await kubo())
      return open((await kubo()).gateway)
    },
    seed: async (_, blob) => seed(await kubo(), blob),
  }
}

const backends: readonly (readonly [string, (url: string) => Backend])[] = [
  ['a gateway', (url) => gateway({ gateways: [url], routing: true })],
  ['a gateway asked for CARs', (url) => gateway({ gateways: [url], format: 'car' })],
  ['a gateway asked for files', (url) => mirror({ url: `${url}/ipfs/{cid}` })],
]

describeOn('kubo', 'on Kubo', () => {
  describe.each(backends)('%s keeps the promises of a backend', async (_, open) => {
    const { run, skipped } = await plan(backendCases, subject(open))
    for (const { name, run: check } of run) it(name, check)
    for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
  })

  const fresh = async (format: Format): Promise<Backend> =>
    gateway({ gateways: [(await kubo()).gateway], format }).sources?.[0] as Backend

  it.each(['auto', 'raw', 'car'] as const)('gives old layouts, in ranges, as %s', async (format) => {
    await empty(await kubo())
    const source = await fresh(format)
    for (const layout of [layouts['kubo-legacy-cidv1'], layouts['unixfs-v0-2015'], narrow]) {
      const blob = await blobOf(9 * 262_144 + 7, { layout, seed: 3 })
      await seed(await kubo(), blob)
      for (const [offset, length] of [
        [0, blob.size],
        [262_143, 2],
        [300_000, 1_500_000],
        [blob.size - 1, 1],
      ] as const) {
        const { body } = await source.read(blob.cid, { offset, length })
        sameBytes(
          await bytesOf(body),
          blob.bytes.subarray(offset, offset + length),
          `${layout.name} ${offset} ${length}`,
        )
      }
    }
    await source.close()
  })

  it.each(['auto', 'raw', 'car'] as const)('gives what is there of a file with a hole, as %s', async (format) => {
    await empty(await kubo())
    const blob = await blobOf(8 * 65_536, { layout: narrow, seed: 5 })
    const outboard = parseOutboard(blob.outboard, blob.cid, blob.size)
    const hole = outboard.leaves.cid(4).toString()
    await seedBlocks(
      await kubo(),
      blob.cid,
      [...blocksOf(blob, outboard)].filter(({ cid }) => cid.toString() !== hole),
    )
    const source = await fresh(format)
    const range = async (offset: number, length: number): Promise<Uint8Array> =>
      bytesOf((await source.read(blob.cid, { offset, length })).body)
    sameBytes(await range(0, 4 * 65_536), blob.bytes.subarray(0, 4 * 65_536), 'bytes before the hole')
    sameBytes(await range(5 * 65_536, 3 * 65_536), blob.bytes.subarray(5 * 65_536), 'bytes behind the hole')
    await fails(range(0, blob.size), 'not-found')
    await source.close()
  })

  it('is asked as localhost, too, where Kubo redirects to names below that', async () => {
    await empty(await kubo())
    const blob = await blobOf(3 * 1_048_576)
    await seed(await kubo(), blob)
    const url = (await kubo()).gateway.replace('127.0.0.1', 'localhost')
    const source = gateway({ gateways: [url] })
    sameBytes(await bytesOf((await source.read(blob.cid)).body), blob.bytes, 'bytes')
    await source.close()
  })

  it('keeps repeated leaves, inline and out', async () => {
    await empty(await kubo())
    const source = await fresh('car')
    const blob = await blobOf(20 * 251, { layout: { ...defaultLayout, name: 'size-251', splitter: fixedSize(251) } })
    await seed(await kubo(), blob)
    sameBytes(await bytesOf((await source.read(blob.cid)).body), blob.bytes, 'bytes of equal leaves')
    expect(await source.stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
    await source.close()
  })
})

/** Small leaves, so that a few of them are few bytes. */
const narrow = { ...defaultLayout, name: 'size-65536', splitter: fixedSize(65_536) }
