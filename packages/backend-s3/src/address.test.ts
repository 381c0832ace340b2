import { dagPbCid, rawCid, sha256, type CID } from '@stowage/core/spi'
import { describe, expect, it } from 'vitest'
import { KEY_START, keysOf, parseKey } from './address.ts'

const digest = sha256(new Uint8Array([1, 2, 3]))
const raw = rawCid(digest)
const v0 = dagPbCid(digest, 0)
const dag = dagPbCid(digest, 1)

describe('keysOf', () => {
  it.each(['', 'models/', 'a b/ä+%&?#'])('puts the prefix %j before the CID as it is', (prefix) => {
    const { blob, outboard, directory } = keysOf(prefix, raw)
    expect(blob).toBe(prefix + raw.toString())
    expect(outboard).toBe(`${blob}.outboard`)
    expect(directory).toBe(`${blob}.dir`)
  })

  it('gives a CIDv0 and its twin the same keys', () => {
    expect(keysOf('p/', v0)).toEqual(keysOf('p/', dag))
  })

  it.each([raw, dag])('starts keys as lists look for them: %s', (cid: CID) => {
    expect(keysOf('', cid).blob.startsWith(KEY_START)).toBe(true)
  })
})

describe('parseKey', () => {
  it.each(['', 'models/', 'a b/ä+%&?#'])('finds what keysOf made with the prefix %j', (prefix) => {
    const { blob, directory, outboard } = keysOf(prefix, dag)
    expect(parseKey(prefix, blob)).toEqual({ cid: dag, kind: 'blob' })
    expect(parseKey(prefix, directory)).toEqual({ cid: dag, kind: 'directory' })
    expect(parseKey(prefix, outboard)).toBeUndefined()
  })

  it.each([
    ['another prefix', `other/${raw}`],
    ['a folder below', `models/sub/${raw}`],
    ['a name that is no CID', 'models/readme.txt'],
    ['a CID with something behind it', `models/${raw}.bak`],
    ['a CIDv0', `models/${v0}`],
    ['another spelling of a CID', `models/${raw.toString().toUpperCase()}`],
    ['a CID of another codec', 'models/bafyreigmitjgwhpx2vgrzp7knbqdu2ju5ytyibfybll7tfb7eqjqujtd3y'],
    ['the prefix alone', 'models/'],
  ])('passes over %s', (_, key) => {
    expect(parseKey('models/', key)).toBeUndefined()
  })
})
