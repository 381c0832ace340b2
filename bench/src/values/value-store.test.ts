import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { IN_FLIGHT, inFlight, readAll, sha256, values, type ValueStore } from './value-store.ts'

function storeOf(stored: readonly Buffer[], verifies: boolean): ValueStore {
  return {
    put: async () => {},
    reader: () => (index) => stored[index] ?? Buffer.alloc(0),
    verifies,
    close: async () => {},
  }
}

describe('values', () => {
  it.each([16, 1024])('of %d bytes are the same in pieces as at once', (size) => {
    const all = values(5, size)
    expect([...values(2, size), ...values(3, size, 2)]).toEqual(all)
    expect(new Set(all.map((value) => value.toString('hex'))).size).toBe(5)
  })
})

describe('inFlight', () => {
  it.each([0, 1, IN_FLIGHT - 1, IN_FLIGHT, 3 * IN_FLIGHT + 1])(
    'does all of %d once, and so many at a time',
    async (count) => {
      const seen: number[] = []
      let running = 0
      let most = 0
      await inFlight(count, async (index) => {
        most = Math.max(most, ++running)
        await setImmediate()
        running -= 1
        seen.push(index)
      })
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index))
      expect(most).toBe(Math.min(count, IN_FLIGHT))
    },
  )
})

describe('readAll', () => {
  const stored = values(7, 64)
  const digests = stored.map(sha256)

  it('reads every value', async () => {
    const read = new Set<number>()
    const store = storeOf(stored, false)
    const reader: ValueStore['reader'] = (of) => (index) => {
      read.add(index)
      return store.reader(of)(index)
    }
    await readAll({ ...store, reader }, digests)
    expect(read.size).toBe(7)
  })

  it('finds a damaged one, unless the store looks itself', async () => {
    const damaged = [...stored.slice(0, 6), Buffer.alloc(64)]
    await expect(readAll(storeOf(damaged, false), digests)).rejects.toThrow(Error)
    await expect(readAll(storeOf(damaged, true), digests)).resolves.toBeUndefined()
  })
})
