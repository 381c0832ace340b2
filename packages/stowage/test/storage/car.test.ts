import { writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { carFrame, carHeader, parseCid, rawCid, readCar } from '@stowage/core/spi'
import { importer } from 'ipfs-unixfs-importer'
import { MemoryBlockstore } from 'blockstore-core'
import { expect, test } from 'vitest'
import { all, code, onBoth, pattern, same, temporaryFolder } from './both.ts'

const LEAF = 1_048_576
const concat = (parts: Uint8Array[]): Uint8Array => Buffer.concat(parts)

async function someFolder(): Promise<string> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'sub', 'empty'), { recursive: true })
  await writeFile(join(folder, 'config.json'), '{}')
  await writeFile(join(folder, 'empty.bin'), '')
  await writeFile(join(folder, 'model.bin'), pattern(3 * LEAF + 1))
  await writeFile(join(folder, 'sub', 'again.bin'), pattern(3 * LEAF + 1))
  return folder
}

onBoth('A13 CAR', (open) => {
  test('a directory goes from one storage to another', async () => {
    const from = await open()
    const to = await open()
    const { cid, size } = await from.putDirectory(await someFolder())
    const roots = await to.importCar(from.exportCar(cid), { name: 'model', pin: true })
    expect(roots.map(String)).toEqual([cid.toString()])
    expect(await to.stat('model')).toMatchObject({ size, isDirectory: true, pinned: true })
    expect(same(await to.get(`${cid}/sub/again.bin`).bytes(), pattern(3 * LEAF + 1))).toBe(true)
    const names = (await all(to.ls(`${cid}/sub`))).map(({ name, type }) => `${type} ${name}`)
    expect(names).toEqual(['file again.bin', 'directory empty'])
    const outFolder = join(await temporaryFolder(), 'out')
    await to.get('model').saveTo(outFolder)
    expect((await from.putDirectory(outFolder)).cid.equals(cid)).toBe(true)
  })

  test.each(['unixfs-v1-2025', 'kubo-legacy-cidv1', 'unixfs-v0-2015'] as const)(
    'a file of layout %s keeps its CID',
    async (layout) => {
      const from = await open()
      const to = await open()
      const { cid } = await from.put(pattern(2 * LEAF + 3), { layout })
      const car = concat(await all(from.exportCar(cid)))
      expect((await to.importCar(car)).map(String)).toEqual([cid.toString()])
      expect(same(await to.get(cid).bytes(), pattern(2 * LEAF + 3))).toBe(true)
      expect(same(concat(await all(to.exportCar(cid))), car)).toBe(true)
    },
  )

  test('a trickle DAG that another program built', async () => {
    const { trickle } = await import('ipfs-unixfs-importer/layout')
    const blockstore = new MemoryBlockstore()
    const bytes = pattern(700_000)
    const [entry] = await all(
      importer([{ content: [bytes] as unknown as AsyncIterable<Uint8Array> }], blockstore, {
        layout: trickle({ maxChildrenPerNode: 3 }),
        rawLeaves: false,
      }),
    )
    const frames = [carHeader([entry!.cid])]
    for (const { cid, bytes: block } of await all(blockstore.getAll()))
      frames.push(carFrame({ cid, bytes: concat(await all(block)) }))
    const storage = await open()
    await storage.importCar(concat(frames))
    expect(same(await storage.get(entry!.cid).bytes(), bytes)).toBe(true)
    expect(same(await storage.get(entry!.cid).slice(262_143, 262_146).bytes(), bytes.slice(262_143, 262_146))).toBe(
      true,
    )
  })

  test('cut anywhere or changed anywhere: integrity, and nothing is visible', async () => {
    const from = await open()
    const { cid } = await from.putDirectory(await someFolder())
    const car = concat(await all(from.exportCar(cid)))
    const borders: number[] = []
    let at = 0
    for (const chunk of await all(from.exportCar(cid))) borders.push((at += chunk.length))
    const to = await open()
    for (const cut of [0, 1, 20, ...borders.slice(0, -1), ...borders.slice(0, -1).map((border) => border + 40)]) {
      await expect(to.importCar(car.slice(0, cut))).rejects.toEqual(code('integrity'))
    }
    for (const flip of [70, 200, borders[1]! + 60, car.length - 1]) {
      const bad = Uint8Array.from(car)
      bad[flip]! ^= 1
      const outcome = to.importCar(bad)
      await expect(outcome).rejects.toMatchObject({
        code: expect.stringMatching(/^(integrity|unsupported)$/) as string,
      })
    }
    expect(await all(to.list())).toEqual([])
    expect(await to.importCar(car)).toHaveLength(1)
  })

  test('what is no CAR, has no roots, or has a root of another kind', async () => {
    const storage = await open()
    await expect(storage.importCar('not a car')).rejects.toEqual(code('integrity'))
    await expect(storage.importCar(carHeader([]))).rejects.toEqual(code('unsupported'))
    const cbor = parseCid('bafyreidykglsfhoixmivffc5uwhcgshx4j465xwqntbmu43nb2dzqwfvae')
    await expect(storage.importCar(carHeader([cbor]))).rejects.toEqual(code('unsupported'))
    await expect(storage.importCar(concat([carHeader([rawCid(new Uint8Array(32))])]))).rejects.toEqual(
      code('integrity'),
    )
  })

  test('several roots: all of them, and no single name', async () => {
    const from = await open()
    const a = (await from.put('a')).cid
    const b = (await from.put(pattern(2 * LEAF))).cid
    const frames: Uint8Array[] = [carHeader([a, b])]
    for (const cid of [a, b])
      for await (const block of (await readCar(from.exportCar(cid))).blocks) frames.push(carFrame(block))
    const to = await open()
    await expect(to.importCar(concat(frames), { name: 'n' })).rejects.toEqual(code('invalid-argument'))
    expect(await all(to.list())).toEqual([])
    expect((await to.importCar(concat(frames))).map(String)).toEqual([String(a), String(b)])
    expect(await to.get(a).text()).toBe('a')
  })
})
