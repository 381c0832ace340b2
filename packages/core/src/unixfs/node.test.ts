import { decode, encode, prepare } from '@ipld/dag-pb'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dagPbCid } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { readNode } from './node.ts'

const links = fc.array(
  fc.record({
    Hash: fc
      .tuple(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.constantFrom(0 as const, 1 as const))
      .map(([digest, version]) => dagPbCid(digest, version)),
    Name: fc.string({ maxLength: 4 }),
    Tsize: fc.maxSafeNat(),
  }),
  { maxLength: 8 },
)
const data = fc.uint8Array({ maxLength: 20 })

/** The same in the reference's words. */
function shape(bytes: Uint8Array): unknown {
  const node = readNode(bytes)
  return {
    data: node.data,
    links: node.links.map(({ cidAt, cidLength, tsize }) => [bytes.subarray(cidAt, cidAt + cidLength), tsize]),
  }
}

describe('a dag-pb node', () => {
  it.each(['links-first', 'data-first'] as const)('is read like the reference does, %s', (fieldOrder) => {
    fc.assert(
      fc.property(links, data, (Links, Data) => {
        const node = prepare({ Data, Links })
        const expected = node.Links.map((link) => [link.Hash.bytes, link.Tsize])
        expect(shape(encode(node, { fieldOrder } as never))).toEqual({ data: Data, links: expected })
      }),
    )
  })

  it('is refused or read like the reference does, whatever byte is changed', () => {
    fc.assert(
      fc.property(links, data, fc.nat(), fc.nat(255), (Links, Data, at, byte) => {
        const bytes = encode(prepare({ Data, Links }))
        if (bytes.length > 0) bytes[at % bytes.length] = byte
        let mine: ReturnType<typeof readNode>
        try {
          mine = readNode(bytes)
        } catch (error) {
          expect(StorageError.is(error, 'integrity')).toBe(true)
          return
        }
        // The reference also reads the CIDs, which is not done here.
        try {
          const theirs = decode(bytes)
          expect(mine.links.length).toBe(theirs.Links.length)
          expect(mine.data).toEqual(theirs.Data)
          expect(mine.links.map((link) => link.tsize)).toEqual(theirs.Links.map((link) => link.Tsize))
        } catch (error) {
          expect(String(error)).toMatch(/CID/)
        }
      }),
      { numRuns: 3000 },
    )
  })
})
