import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { describe, expect, it } from 'vitest'
import { StorageError } from '../errors/storage-error.ts'
import { decodeUnixFs, encodeUnixFs, UNIXFS_FILE, UNIXFS_HAMT } from './message.ts'

const sizes = fc.oneof(fc.nat(300), fc.maxSafeNat())
const types = ['raw', 'directory', 'file', 'metadata', 'symlink', 'hamt-sharded-directory'] as const

describe('a UnixFS message', () => {
  it('is written and read like the reference does', () => {
    const some = fc.option(fc.uint8Array({ minLength: 1, maxLength: 300 }), { nil: undefined })
    // The sums stay below 2^31: the reference (13.1.1) writes numbers wrongly whose bit 31 is set.
    fc.assert(
      fc.property(some, fc.array(fc.nat(2 ** 26), { maxLength: 20 }), (data, blocksizes) => {
        const theirs = new UnixFS({ type: 'file', blockSizes: blocksizes.map(BigInt), ...(data && { data }) })
        const filesize = blocksizes.reduce((sum, size) => sum + size, data?.length ?? 0)
        const bytes = encodeUnixFs({ type: UNIXFS_FILE, data, filesize, blocksizes })
        expect(bytes).toEqual(theirs.marshal())
        expect(decodeUnixFs(bytes)).toEqual({ type: UNIXFS_FILE, blocksizes, filesize, ...(data && { data }) })
      }),
    )
  })

  it('reads every type, and shards', () => {
    types.forEach((type, index) => expect(decodeUnixFs(new UnixFS({ type }).marshal()).type).toBe(index))
    const theirs = new UnixFS({
      type: 'hamt-sharded-directory',
      data: new Uint8Array(3),
      hashType: 0x22n,
      fanout: 256n,
    }).marshal()
    const shard = { type: UNIXFS_HAMT, data: new Uint8Array(3), hashType: 0x22, fanout: 256 }
    expect(decodeUnixFs(theirs)).toMatchObject(shard)
    expect(encodeUnixFs(shard)).toEqual(theirs)
  })

  it('reads over mode and mtime', () => {
    const bytes = new UnixFS({
      type: 'file',
      data: new Uint8Array(5),
      mode: 0o755,
      mtime: { secs: 1n, nsecs: 7 },
    }).marshal()
    expect(decodeUnixFs(bytes)).toMatchObject({ type: UNIXFS_FILE, data: new Uint8Array(5), filesize: 5 })
  })

  it('keeps numbers up to 2^53 − 1', () => {
    fc.assert(
      fc.property(sizes, (filesize) => {
        expect(decodeUnixFs(encodeUnixFs({ type: UNIXFS_FILE, filesize })).filesize).toBe(filesize)
      }),
    )
  })

  it.each([
    ['no type', []],
    ['an unknown type', [0x08, 6]],
    ['a number cut off', [0x08, 2, 0x18, 0x80]],
    ['a number of 2^53', [0x08, 2, 0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['a number of eleven bytes', [0x08, 2, 0x18, ...Array<number>(11).fill(0xff), 1]],
    ['a number with a byte too many', [0x08, 2, 0x18, 0x81, 0x00]],
    ['data cut off', [0x08, 2, 0x12, 9, 1, 2]],
    ['a known field in another form', [0x08, 2, 0x1a, 1, 1]],
    ['a group', [0x08, 2, 0x3b]],
  ])('with %s is refused', (_, bytes) => {
    expect(() => decodeUnixFs(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ code: 'integrity' }))
  })

  it('never throws anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeUnixFs(bytes)
        } catch (error) {
          expect(StorageError.is(error, 'integrity')).toBe(true)
        }
      }),
      { numRuns: 5000 },
    )
  })
})
