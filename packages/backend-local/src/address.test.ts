import { cidKey, dagPbCid, parseCid, rawCid } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { blobPath, directoryNodesPath, outboardPath, parseFileName, partialPath, viewPath } from './address.ts'

const digest = new Uint8Array(32).fill(7)
const key = cidKey(rawCid(digest))

test('a key has its places, in the shard of its last two characters', () => {
  const shard = `blobs/${key.slice(-2)}`
  expect(blobPath(key)).toBe(`${shard}/${key}`)
  expect(outboardPath(key)).toBe(`${shard}/${key}.outboard`)
  expect(directoryNodesPath(key)).toBe(`${shard}/${key}.dir`)
  expect(viewPath(key)).toBe(`views/${key}`)
  expect(partialPath(key)).toBe(`partial/${key}`)
})

test('a CIDv0 lies where its CIDv1 twin lies', () => {
  expect(cidKey(dagPbCid(digest, 0))).toBe(cidKey(dagPbCid(digest, 1)))
})

test.each([
  '',
  '..',
  '../x',
  'b/../../etc',
  `${key}/..`,
  `${key}\0`,
  `${key}\n`,
  key.toUpperCase(),
  'Qmabc',
  `/${key}`,
])('%j is no key', (text) => {
  for (const place of [blobPath, outboardPath, directoryNodesPath, viewPath, partialPath])
    expect(() => place(text)).toThrow(TypeError)
})

test('files are told apart by their names', () => {
  expect(parseFileName(key)).toEqual({ key, kind: 'blob' })
  expect(parseFileName(`${key}.outboard`)).toEqual({ key, kind: 'outboard' })
  expect(parseFileName(`${key}.dir`)).toEqual({ key, kind: 'directory' })
  for (const name of ['README', `${key}.tmp`, `.${key}`, `${key}.outboard.dir`, ''])
    expect(parseFileName(name)).toBeUndefined()
})

test('a key parses back to its CID', () => {
  expect(parseCid(key).equals(rawCid(digest))).toBe(true)
})
