import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Content } from '@stowage/core'
import { expect, test } from 'vitest'
import { onBoth, pattern, same, temporaryFolder } from './both.ts'

interface Vectors {
  files: { size: number; cids: Record<string, string> }[]
  raw: { size: number; cid: string }[]
}
const vectors = JSON.parse(
  await readFile(new URL('../../../core/test/vectors/cid-vectors.json', import.meta.url), 'utf8'),
) as Vectors
const LEAF = 1_048_576

onBoth('A1 real CIDs', (open) => {
  test.each(vectors.files.filter(({ size }) => size <= 10_485_760))('vector of $size bytes', async ({ size, cids }) => {
    const storage = await open()
    for (const [layout, cid] of Object.entries(cids)) {
      const result = await storage.put(pattern(size), { layout: layout as 'unixfs-v1-2025' })
      expect(result.cid.toString()).toBe(cid)
      expect(result.size).toBe(size)
      expect(same(await storage.get(cid).bytes(), pattern(size))).toBe(true)
    }
  })
})

onBoth('A2 every form of content', (open) => {
  const size = LEAF + 7
  const bytes = pattern(size)
  const expected = 'size ' + size
  const forms: Record<string, () => Content> = {
    Uint8Array: () => bytes,
    ArrayBuffer: () => bytes.buffer,
    Blob: () => new Blob([bytes]),
    Response: () => new Response(bytes),
    'web stream': () => new Blob([bytes]).stream(),
    'Node stream': () => Readable.from([Buffer.from(bytes.subarray(0, 3)), Buffer.from(bytes.subarray(3))]),
    'byte by 64 KiB': () =>
      Readable.from(
        (function* () {
          for (let at = 0; at < size; at += 65_536) yield bytes.subarray(at, at + 65_536)
        })(),
      ),
  }

  test('the same CID from each, and from a file', async () => {
    const storage = await open()
    const path = join(await temporaryFolder(), 'blob')
    await writeFile(path, bytes)
    const { cid } = await storage.putFile(path)
    for (const [name, make] of Object.entries(forms)) {
      const result = await storage.put(make())
      expect([name, result.cid.toString(), result.deduplicated]).toEqual([name, cid.toString(), true])
    }
    expect(expected).toBe(`size ${(await storage.stat(cid))?.size}`)
  })

  test('text is UTF-8', async () => {
    const storage = await open()
    const { cid } = await storage.put('hello world')
    expect(cid.toString()).toBe('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
    expect(await storage.get(cid).text()).toBe('hello world')
  })

  test('a directory has the id that IPFS gives it, and gives its files back', async () => {
    const storage = await open()
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'a'), 'A')
    await writeFile(join(folder, '.hidden'), 'H')
    const one = await storage.putDirectory(folder)
    expect(one.size).toBe(1)
    expect(await storage.get(`${one.cid}/a`).text()).toBe('A')
    const both = await storage.putDirectory(folder, { hidden: true })
    expect(both.cid.equals(one.cid)).toBe(false)
    expect(await storage.get(`/ipfs/${both.cid}/.hidden`).text()).toBe('H')
    expect(await storage.get(`ipfs://${both.cid}/a`).text()).toBe('A')
  })
})

onBoth('reading', (open) => {
  test('ranges at leaf borders, as Blob.slice has them', async () => {
    const storage = await open()
    const bytes = pattern(3 * LEAF + 5)
    const { cid } = await storage.put(bytes)
    const blob = storage.get(cid)
    for (const [start, end] of [
      [0, 0],
      [0, 1],
      [LEAF - 1, LEAF + 1],
      [LEAF, 2 * LEAF],
      [-5, undefined],
      [-9, -4],
      [3 * LEAF, undefined],
      [7, 3],
      [5 * LEAF, undefined],
    ] as const) {
      expect(same(await blob.slice(start, end).bytes(), bytes.slice(start, end))).toBe(true)
      expect(await blob.slice(start, end).size()).toBe(bytes.slice(start, end).length)
    }
    expect(same(await blob.slice(LEAF).slice(1, 5).bytes(), bytes.slice(LEAF + 1, LEAF + 5))).toBe(true)
  })

  test('every way to read', async () => {
    const storage = await open()
    const { cid } = await storage.put('{"a":1}', { name: 'doc' })
    const blob = storage.get('doc')
    expect(await blob.json()).toEqual({ a: 1 })
    expect(await blob.text()).toBe('{"a":1}')
    expect((await blob.arrayBuffer()).byteLength).toBe(7)
    expect(await new Response(blob.stream()).text()).toBe('{"a":1}')
    expect((await blob.cid()).equals(cid)).toBe(true)
    const chunks: Uint8Array[] = []
    for await (const chunk of blob) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('{"a":1}')
  })

  test('leaving early releases the reader, and the blob can be read again', async () => {
    const storage = await open()
    const { cid } = await storage.put(pattern(3 * LEAF))
    for await (const chunk of storage.get(cid)) {
      expect(chunk.length).toBeGreaterThan(0)
      break
    }
    await storage.get(cid).stream().cancel()
    expect((await storage.get(cid).bytes()).length).toBe(3 * LEAF)
  })
})
