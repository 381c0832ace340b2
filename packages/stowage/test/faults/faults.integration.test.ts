import { randomBytes } from 'node:crypto'
import { decideGate, memory, StorageError, StorageWrapper, type Backend } from '@stowage/core'
import { describeOn } from '@stowage/test-servers/shared'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pattern } from '../storage/pattern.ts'
import { kinds, type Lab } from './labs.ts'

// Schedules of faults between a storage and the server of each kind of backend. STOWAGE_FAULTS says for how many seconds each kind is
// tried; a failure prints the seed, which STOWAGE_FAULTS_SEED runs again.

const SECONDS = Number(process.env['STOWAGE_FAULTS'] ?? 6)
const SEED = process.env['STOWAGE_FAULTS_SEED']
const MiB = 2 ** 20
const BLOB = pattern(3 * MiB + 77)
/** Milliseconds in which a call gives up, and in which it must have ended. */
const DEADLINE = 6000
const OVERDUE = 20_000

/** Tries schedule after schedule; a run that has begun is run to its end. */
async function tryAll<T extends unknown[]>(property: fc.IAsyncProperty<T>): Promise<void> {
  const until = performance.now() + SECONDS * 1000
  let seed = Number(SEED ?? Date.now() % 2 ** 31)
  // To shrink would take as long as to search.
  do await fc.assert(property, { numRuns: 3, seed: seed++, endOnFailure: true })
  while (performance.now() < until && SEED === undefined)
}

const timeout = SECONDS * 1000 + 90_000
const gate = decideGate({ distributed: true })

const opened = (tier: Backend): StorageWrapper =>
  new StorageWrapper({ near: memory(), tiers: [tier], gate, fetch: { idleTimeout: 1500, deadline: DEADLINE } })

/** What came of it; that nothing came of it in time, which no call may do, throws. */
async function outcome<T>(call: Promise<T>): Promise<{ readonly value?: T; readonly error?: unknown }> {
  const overdue = new AbortController()
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(() => reject(new Error('The call did not end.')), OVERDUE)
    overdue.signal.addEventListener('abort', () => clearTimeout(timer))
  })
  try {
    return await Promise.race([
      call.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
      late,
    ])
  } finally {
    overdue.abort()
  }
}

const same = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0

for (const kind of kinds) {
  describeOn(kind.servers, `faults before ${kind.name}`, () => {
    let lab: Lab
    beforeAll(async () => {
      lab = await kind.open()
    })
    afterAll(() => lab.close())

    const bring = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> => {
      const source = new StorageWrapper({ near: memory(), tiers: [lab.direct], gate })
      const { cid, tiers } = await source.put(bytes, { replicate: lab.direct.put === undefined ? 'none' : 'wait' })
      for (const { error } of Object.values(tiers)) if (error !== undefined) throw error
      return String(cid)
    }

    test(
      'what is read is right, or fails as an outage; it ends; and it is right once the faults are over',
      { timeout },
      async () => {
        const cid = await bring(BLOB)
        const seen = { right: 0, failed: 0 }
        const range = fc.record({ offset: fc.nat({ max: BLOB.length }), length: fc.nat({ max: BLOB.length }) })
        await tryAll(
          fc.asyncProperty(kind.schedules, fc.option(range), async (schedule, range) => {
            lab.faults(schedule)
            const storage = opened(lab.through())
            const [start, end] = range === null ? [0, BLOB.length] : [range.offset, range.offset + range.length]
            const read = (): Promise<Uint8Array> => storage.get(cid).slice(start, end).bytes()
            try {
              const { value, error } = await outcome(read())
              if (value === undefined) {
                expect(StorageError.is(error)).toBe(true)
                expect((error as StorageError).code).not.toBe('not-found')
                seen.failed++
              } else {
                expect(same(value, BLOB.subarray(start, end))).toBe(true)
                seen.right++
              }
              lab.faults([])
              if (value === undefined) expect(same(await recovered(read), BLOB.subarray(start, end))).toBe(true)
            } finally {
              await storage.close()
            }
          }),
        )
        console.info(`${kind.name}: ${seen.right} right, ${seen.failed} failed`)
      },
    )

    test('what is said to be stored is there, and what is not is not half there', { timeout }, async (context) => {
      const probe = lab.through()
      const stores = probe.put !== undefined
      await probe.close()
      if (!stores) return context.skip(`${kind.name} takes no blobs`)
      await tryAll(
        fc.asyncProperty(kind.schedules, fc.nat({ max: 2 * MiB }), async (schedule, size) => {
          const bytes = new Uint8Array(randomBytes(size))
          lab.faults(schedule)
          const storage = opened(lab.through())
          let put
          try {
            put = await outcome(
              storage.put(bytes, { replicate: 'wait', name: 'n', signal: AbortSignal.timeout(DEADLINE) }),
            )
            // Whatever became of the copy, nothing is lost here.
            expect(same(await storage.get('n').bytes(), bytes)).toBe(true)
          } finally {
            lab.faults([])
            await storage.close()
          }
          const cid = put.value?.cid
          if (cid === undefined) return
          const stored = Object.values(put.value?.tiers ?? {}).every(({ status }) => status === 'stored')
          const other = new StorageWrapper({ near: memory(), tiers: [lab.direct], gate })
          const there = await outcome(other.get(cid).bytes())
          if (there.value !== undefined) expect(same(there.value, bytes)).toBe(true)
          else
            expect({ stored, code: (there.error as StorageError).code }).toEqual({ stored: false, code: 'not-found' })
        }),
      )
    })
  })
}

/** What is read once breakers let calls through again, and those who were asked to wait have waited. */
async function recovered<T>(read: () => Promise<T>): Promise<T> {
  for (const giveUpAt = performance.now() + OVERDUE; ;) {
    const { value, error } = await outcome(read())
    if (value !== undefined) return value
    if (performance.now() > giveUpAt) throw error
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
