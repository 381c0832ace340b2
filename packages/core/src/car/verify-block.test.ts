import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { dagPbCid, rawCid } from '../cid/make.ts'
import { verifyBlock } from './verify-block.ts'

const bytes: Uint8Array = Buffer.from('some bytes')
const digest: Uint8Array = hash('sha256', bytes, 'buffer')

function cidOf(code: number, value: Uint8Array): CID {
  return CID.createV1(0x55, create(code, value))
}

describe('verifyBlock', () => {
  it.each([
    ['raw', rawCid(digest)],
    ['dag-pb', dagPbCid(digest, 1)],
    ['CIDv0', dagPbCid(digest, 0)],
    ['identity', cidOf(0, bytes)],
    ['another codec', CID.createV1(0x71, create(0x12, digest))],
  ])('takes the bytes of a %s CID and no others', (_, cid) => {
    expect(() => verifyBlock({ cid, bytes })).not.toThrow()
    for (const wrong of [
      new Uint8Array(0),
      bytes.subarray(1),
      Buffer.from('some byteS'),
      Buffer.concat([bytes, bytes]),
    ]) {
      expect(() => verifyBlock({ cid, bytes: wrong })).toThrow(expect.objectContaining({ code: 'integrity', cid }))
    }
  })

  it('takes the empty block', () => {
    const empty = new Uint8Array(0)
    expect(() => verifyBlock({ cid: rawCid(hash('sha256', empty, 'buffer')), bytes: empty })).not.toThrow()
    expect(() => verifyBlock({ cid: cidOf(0, empty), bytes: empty })).not.toThrow()
  })

  it.each([
    ['sha2-512', cidOf(0x13, hash('sha512', bytes, 'buffer'))],
    ['blake3', cidOf(0x1e, digest)],
    ['a shortened sha2-256', cidOf(0x12, digest.subarray(0, 20))],
    ['an empty sha2-256', cidOf(0x12, new Uint8Array(0))],
  ])('calls %s unsupported', (_, cid) => {
    expect(() => verifyBlock({ cid, bytes })).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })
})
