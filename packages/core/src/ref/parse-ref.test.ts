import fc from 'fast-check'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { parseCid } from '../cid/text.ts'
import { assertName } from './assert-name.ts'
import { parseRef } from './parse-ref.ts'

const v1 = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
const v0 = 'QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn'
const hex = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const invalid: unknown = expect.objectContaining({ code: 'invalid-argument' })

function shown(ref: string): unknown {
  const parsed = parseRef(ref)
  return parsed.kind === 'cid' ? [parsed.cid.toString(), ...parsed.path] : parsed
}

describe('parseRef', () => {
  it.each<[string, string[]]>([
    [v1, [v1]],
    [v0, [v0]],
    [`${v1}/`, [v1]],
    [`${v1}/a`, [v1, 'a']],
    [`${v1}//a///b/`, [v1, 'a', 'b']],
    [`${v0}/a b/ä`, [v0, 'a b', 'ä']],
    [`${v1}/..`, [v1, '..']],
    [`${v1}/../../etc/passwd`, [v1, '..', '..', 'etc', 'passwd']],
    [`${v1}/a%20b`, [v1, 'a%20b']],
    [`${v1}/what?#x`, [v1, 'what?#x']],
    [`/ipfs/${v1}`, [v1]],
    [`/ipfs/${v1}/`, [v1]],
    [`/ipfs/${v1}/a%20b/c?d#e`, [v1, 'a%20b', 'c?d#e']],
    [`ipfs://${v1}`, [v1]],
    [`ipfs://${v1}/`, [v1]],
    [`ipfs://${v0}/a`, [v0, 'a']],
    [`ipfs://${v1}/a%20b/%C3%A4/%E2%82%AC/%F0%9F%98%80`, [v1, 'a b', 'ä', '€', '\u{1F600}']],
    [`ipfs://${v1}/a%2Fb`, [v1, 'a/b']],
    [`ipfs://${v1}/%2e%2e/x`, [v1, '..', 'x']],
    [`ipfs://${v1}/100%`, [v1, '100%']],
    [`ipfs://${v1}/%zz%20%ff%C3%28`, [v1, '%zz %ff%C3(']],
    [`ipfs://${v1}/%ED%A0%80`, [v1, '%ED%A0%80']],
    [`ipfs://${v1}/%C0%AF`, [v1, '%C0%AF']],
    [`ipfs://${v1}/a?download=true#top`, [v1, 'a']],
    [`ipfs://${v1}?format=car`, [v1]],
    [`ipfs://${v1}#top/x`, [v1]],
    [`ipfs://${v1}/a%3Fb%23c`, [v1, 'a?b#c']],
    [`ipfs://${v1}/a?x\ny`, [v1, 'a']],
    [parseCid(v1).toString(), [v1]],
  ])('%j is a CID and a path', (ref, expected) => {
    expect(shown(ref)).toEqual(expected)
  })

  it.each([hex, hex.toUpperCase()])('sha256:%s is an alias in its one spelling', (digits) => {
    expect(parseRef(`sha256:${digits}`)).toEqual({ kind: 'alias', alias: `sha256:${hex}` })
  })

  it.each([
    '',
    ' ',
    'model.safetensors',
    'sentence-transformers/all-MiniLM-L6-v2',
    'Qwen/Qwen3-8B',
    'BAAI/bge-small-en',
    'baai/bge',
    'z',
    'zz',
    'm',
    'Qm',
    'Qmodel',
    'QmaA',
    'f',
    'bafy',
    'bafkrei',
    `${v1}x`,
    v1.slice(0, -1),
    ` ${v1}`,
    `${v1} `,
    `/${v1}`,
    `./${v1}`,
    `../${v1}`,
    `a/${v1}`,
    '..',
    '../../etc/passwd',
    '/etc/passwd',
    'C:\\Windows',
    '/ipfs/',
    '/ipfs/name/a',
    `/ipfs//${v1}`,
    `/ipfs/ipfs/${v1}`,
    `/ipns/${v1}`,
    `ipns://${v1}`,
    'ipfs://',
    'ipfs://name',
    `ipfs:///${v1}`,
    `ipfs:${v1}`,
    `IPFS://${v1}`,
    `http://gateway/ipfs/${v1}`,
    `SHA256:${hex}`,
    `sha256:${hex}0`,
    `sha256:${hex.slice(1)}`,
    `sha256:${hex.slice(1)}g`,
    `sha256:${hex}\n`,
    ` sha256:${hex}`,
    `sha512:${hex}${hex}`,
    'sha256:',
    '\0',
    '\ud800',
    'z'.repeat(1_000_000),
    `ipfs://${'z'.repeat(1_000_000)}`,
  ])('%.60j is a name', (ref) => {
    expect(parseRef(ref)).toEqual({ kind: 'name', name: ref })
  })

  it('takes a CID as it is, also one of another copy of the library', () => {
    const cid = parseCid(v0)
    expect(parseRef(cid)).toEqual({ kind: 'cid', cid, path: [] })
    const foreign = {
      ...JSON.parse('{}'),
      code: cid.code,
      version: cid.version,
      multihash: cid.multihash,
      bytes: cid.bytes,
      '/': cid.bytes,
    }
    expect(parseRef(foreign as CID)).toMatchObject({ kind: 'cid', path: [] })
  })

  it.each([undefined, null, 1, {}, [], new Uint8Array(36), new URL(`ipfs://${v1}`)])('%j is no reference', (ref) => {
    expect(() => parseRef(ref as unknown as string)).toThrow(invalid)
  })

  it('never throws for text, and gives every name back as it was', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(v1, v0, '/', '/ipfs/', 'ipfs://', 'sha256:', hex, '..', '%', '%2', '%C3', '?', '#'),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        const text = pieces.join('')
        const parsed = parseRef(text)
        if (parsed.kind === 'name') expect(parsed.name).toBe(text)
        if (parsed.kind === 'cid') expect(CID.asCID(parsed.cid)).not.toBeNull()
        if (parsed.kind === 'cid') expect(parsed.path).not.toContain('')
      }),
      { numRuns: 3000 },
    )
  })
})

describe('assertName', () => {
  it.each([
    'a',
    'model.safetensors',
    'org/model@main',
    'with space in it',
    '日本語',
    '\u{1F600}',
    '..',
    '../../etc/passwd',
    '/ipfs/not-a-cid',
    'SHA256:x',
    'sha256:short',
    'x'.repeat(1024),
    'ä'.repeat(512),
    'a\u00a0b',
  ])('takes %.60j', (name) => {
    expect(() => assertName(name)).not.toThrow()
  })

  it.each([
    ['nothing', ''],
    ['1025 bytes', 'x'.repeat(1025)],
    ['1026 bytes in 513 letters', 'ä'.repeat(513)],
    ['ten million letters', 'x'.repeat(10_000_000)],
    ['NUL', 'a\0b'],
    ['a line break', 'a\nb'],
    ['DEL', 'a\u007f'],
    ['a C1 character', 'a\u0085b'],
    ['a lone surrogate', 'a\udfffb'],
    ['a blank before', ' a'],
    ['a blank after', 'a '],
    ['a no-break space after', 'a\u00a0'],
    ['a byte order mark before', '\ufeffa'],
    ['only blanks', '  '],
    ['a CID', v1],
    ['a CIDv0', v0],
    ['a path below a CID', `${v1}/config.json`],
    ['an IPFS path', `/ipfs/${v1}`],
    ['an IPFS URL', `ipfs://${v1}/a`],
    ['an alias', `sha256:${hex}`],
    ['an alias in capitals', `sha256:${hex.toUpperCase()}`],
  ])('refuses %s', (_, name) => {
    expect(() => assertName(name)).toThrow(invalid)
  })

  it.each([undefined, null, 7, {}])('refuses %j', (name) => {
    expect(() => assertName(name as unknown as string)).toThrow(invalid)
  })

  it('takes only what parseRef reads as that name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          assertName(text)
        } catch (error) {
          expect(error).toEqual(invalid)
          return
        }
        expect(parseRef(text)).toEqual({ kind: 'name', name: text })
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps composed and decomposed letters apart', () => {
    expect(parseRef('\u00e9')).not.toEqual(parseRef('e\u0301'))
  })
})
