import { describe, expect, it } from 'vitest'
import { someBytes } from '../../test/dags.ts'
import { hashContent } from './hash-content.ts'
import { layouts } from '../unixfs/layouts.ts'

const MIB = 1_048_576

describe('hashing content', () => {
  it('stops when the signal aborts, with its reason, and releases the source', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    let released = false
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (let i = 0; ; i++) {
          if (i === 5) stop.abort(reason)
          yield someBytes(MIB)
        }
      } finally {
        released = true
      }
    }
    await expect(hashContent(endless(), { signal: stop.signal })).rejects.toBe(reason)
    await new Promise(setImmediate)
    expect(released).toBe(true)
  })

  it('passes on what the source throws', async () => {
    const failure = new Error('gone')
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield someBytes(3 * MIB)
      throw failure
    }
    await expect(hashContent(failing())).rejects.toBe(failure)
  })

  it('never runs more than a few leaves ahead of the hash, and says how far it is', async () => {
    const total = 40
    let given = 0
    const seen: number[] = []
    let ahead = 0
    async function* body(): AsyncGenerator<Uint8Array> {
      for (; given < total; given++) {
        ahead = Math.max(ahead, given * MIB - (seen.at(-1) ?? 0))
        yield someBytes(MIB)
      }
    }
    await hashContent(body(), { onBytes: (bytes) => seen.push(bytes) })
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => (i + 1) * MIB))
    expect(ahead).toBeLessThanOrEqual(12 * MIB)
  })

  it('gives the sha256 of all of it only when asked', async () => {
    async function* one(): AsyncGenerator<Uint8Array> {
      yield someBytes(10)
    }
    expect(await hashContent(one())).not.toHaveProperty('sha256')
    const { cid, sha256 } = await hashContent(one(), { sha256: true, layout: layouts['kubo-legacy-cidv1'] })
    expect(sha256).toEqual(cid.multihash.digest)
  })
})
