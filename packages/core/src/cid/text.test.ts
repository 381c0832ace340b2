import fc from 'fast-check'
import { base32 } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { create } from 'multiformats/hashes/digest'
import { describe, expect, it } from 'vitest'
import { StorageError } from '../errors/storage-error.ts'
import { cidKey } from './key.ts'
import { dagPbCid, rawCid } from './make.ts'
import { assertStorable } from './storable.ts'
import { formatCid, parseCid, tryParseCid } from './text.ts'

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 })
const cids = fc
  .tuple(digests, fc.constantFrom(0x55, 0x70))
  .map(([digest, codec]) => CID.createV1(codec, create(0x12, digest)))
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const empty = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

/** What multiformats makes of a text, as canonical text. */
function reference(text: string): string | undefined {
  try {
    return CID.decode(CID.parse(text).bytes).toString()
  } catch {
    return undefined
  }
}

function codeOf(action: () => unknown): string {
  try {
    action()
    return 'fine'
  } catch (error) {
    return StorageError.is(error) ? error.code : `foreign: ${error}`
  }
}

describe('the text of a CID', () => {
  it('is the one multiformats gives, and reads back as an equal, real CID', () => {
    fc.assert(
      fc.property(cids, (cid) => {
        const text = CID.decode(cid.bytes).toString()
        const parsed = parseCid(text)
        expect(formatCid(cid)).toBe(text)
        expect(parsed.equals(cid)).toBe(true)
        expect(cid.equals(parsed)).toBe(true)
        expect(CID.asCID(parsed)).toBe(parsed)
        expect(parsed.toString()).toBe(text)
        expect(parsed.bytes).toEqual(cid.bytes)
        expect(parsed.multihash).toEqual(cid.multihash)
        expect(parsed.toV1()).toBe(parsed)
      }),
    )
  })

  it('is accepted and refused exactly as multiformats does, whatever character is changed', () => {
    const characters = fc.constantFrom(...Array.from(`${alphabet}ABZ01890=-_ \0ÿ\u0161\u{1f600}`))
    fc.assert(
      fc.property(cids, fc.nat(58), characters, (cid, at, character) => {
        const text = formatCid(cid)
        const changed = text.slice(0, at) + character + text.slice(at + 1)
        expect(tryParseCid(changed)?.toString()).toBe(reference(changed))
      }),
      { numRuns: 2000 },
    )
  })

  it('is accepted and refused exactly as multiformats does, whatever length it is cut or stretched to', () => {
    fc.assert(
      fc.property(cids, fc.nat(70), fc.constantFrom('a', 'b', '7', '='), (cid, length, filler) => {
        const changed = formatCid(cid).slice(0, length).padEnd(length, filler)
        expect(tryParseCid(changed)?.toString()).toBe(reference(changed))
      }),
    )
  })

  it('is refused when it ends in bits that mean nothing', () => {
    for (const last of alphabet) {
      const text = empty.slice(0, -1) + last
      expect(tryParseCid(text) !== undefined).toBe(alphabet.indexOf(last) % 4 === 0)
    }
  })

  it.each([
    ['nothing', ''],
    ['one letter', 'b'],
    ['a prefix and hex digits', `bafy${'0123456789abcdef'.repeat(4).slice(0, 56)}`],
    ['a prefix and hex digits without 0, 1, 8 and 9', `bafy${'234567abcdef'.repeat(5).slice(0, 56)}`],
    ['a v1 CID in base32 with capitals as its prefix', empty.toUpperCase()],
    ['a v0 CID in base32', base32.encode(dagPbCid(new Uint8Array(32), 0).bytes)],
    ['a v0 CID cut short', 'QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQ'],
    ['a path', '../../etc/passwd'],
    ['a very long text', 'b'.repeat(100_000)],
    ['surrogates', '\ud800'.repeat(59)],
  ])('is invalid: %s', (_, text) => {
    expect(codeOf(() => parseCid(text))).toBe('invalid-cid')
    expect(tryParseCid(text)).toBeUndefined()
  })

  it.each([undefined, null, 7, {}, []])('is invalid: %s', (value) => {
    expect(codeOf(() => parseCid(value as never))).toBe('invalid-cid')
  })

  it('may come in another base, another codec, another hash', () => {
    fc.assert(
      fc.property(
        fc.nat(0x300),
        fc.constantFrom(0x13, 0x1b, 0x00, 0x12),
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        (codec, hash, digest) => {
          const cid = CID.createV1(codec, create(hash, digest))
          for (const base of [base32, base36, base58btc])
            expect(parseCid(cid.toString(base as never)).equals(cid)).toBe(true)
          expect(formatCid(cid)).toBe(CID.decode(cid.bytes).toString())
        },
      ),
    )
  })

  it('is always the canonical one, however the CID was written', () => {
    for (const text of [`b${empty.slice(1).toUpperCase()}`, `${empty}====`]) {
      expect(formatCid(parseCid(text))).toBe(empty)
      expect(parseCid(text).toString()).toBe(empty)
      expect(formatCid(CID.parse(text))).toBe(empty)
      expect(cidKey(CID.parse(text))).toBe(empty)
    }
  })

  it('of a CIDv0 is base58, and its key that of its CIDv1 twin', () => {
    fc.assert(
      fc.property(digests, (digest) => {
        const [v0, v1] = [dagPbCid(digest, 0), dagPbCid(digest, 1)]
        expect(formatCid(v0)).toBe(CID.createV0(create(0x12, digest)).toString())
        expect(parseCid(formatCid(v0)).equals(v0)).toBe(true)
        expect(cidKey(v0)).toBe(cidKey(v1))
        expect(cidKey(v1)).toBe(v1.toString())
        expect(cidKey(rawCid(digest))).not.toBe(cidKey(v1))
      }),
    )
  })
})

describe('storable', () => {
  it.each([
    ['raw by sha2-256', rawCid(new Uint8Array(32)), 'fine'],
    ['dag-pb by sha2-256', dagPbCid(new Uint8Array(32), 1), 'fine'],
    ['CIDv0', dagPbCid(new Uint8Array(32), 0), 'fine'],
    ['identity', CID.createV1(0x55, identity.digest(new Uint8Array(3))), 'unsupported'],
    ['dag-cbor', CID.createV1(0x71, create(0x12, new Uint8Array(32))), 'unsupported'],
    ['sha2-512', CID.createV1(0x55, create(0x13, new Uint8Array(64))), 'unsupported'],
    ['sha2-256 cut short', CID.createV1(0x55, create(0x12, new Uint8Array(20))), 'unsupported'],
  ])('%s', (_, cid, expected) => {
    expect(codeOf(() => assertStorable(cid))).toBe(expected)
  })
})
