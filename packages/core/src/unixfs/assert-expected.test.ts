import { describe, expect, it } from 'vitest'
import { dagPbCid, rawCid } from '../cid/make.ts'
import { assertExpected } from './assert-expected.ts'

const digest = new Uint8Array(32).fill(1)
const other = new Uint8Array(32).fill(2)
const cid = rawCid(digest)

describe('assertExpected', () => {
  it.each([
    ['nothing', undefined],
    ['the CID', { cid }],
    ['the digest', { sha256: digest }],
    ['both', { cid, sha256: digest }],
  ])('accepts %s', (_, expected) => {
    expect(() => assertExpected({ cid, sha256: digest }, expected)).not.toThrow()
  })

  it.each([0, 1] as const)('takes CIDv%d and its twin for the same', (version) => {
    const twin = version === 0 ? 1 : 0
    expect(() => assertExpected({ cid: dagPbCid(digest, version) }, { cid: dagPbCid(digest, twin) })).not.toThrow()
  })

  it.each([
    ['another CID', { cid: rawCid(other) }],
    ['the same digest in another codec', { cid: dagPbCid(digest, 1) }],
    ['another digest', { sha256: other }],
    ['another digest beside the right CID', { cid, sha256: other }],
  ])('refuses %s', (_, expected) => {
    expect(() => assertExpected({ cid, sha256: digest }, expected)).toThrow(
      expect.objectContaining({ code: 'integrity' }),
    )
  })

  it('refuses a digest that was not computed', () => {
    expect(() => assertExpected({ cid }, { sha256: digest })).toThrow(expect.objectContaining({ code: 'integrity' }))
  })
})
