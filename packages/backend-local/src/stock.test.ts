import { expect, test } from 'vitest'
import { shrink, type Stock, type Victim } from './stock.ts'

const never = new AbortController().signal

interface Held extends Victim {
  readonly name: string
  /** Refuses to go, as what was pinned since. */
  readonly stays?: boolean
}

/** A stock of the things given; `gone` are the names of what it dropped, `floors` what it was told. */
function stockOf(
  things: readonly Held[],
): Stock & { readonly gone: string[]; readonly floors: (number | undefined)[] } {
  let held = [...things]
  const gone: string[] = []
  const floors: (number | undefined)[] = []
  return {
    gone,
    floors,
    bytes: () => held.reduce((sum, { bytes }) => sum + bytes, 0),
    async *victims({ above = -1 }) {
      const order = held.toSorted((one, other) => one.value - other.value || one.usedAt - other.usedAt)
      for (const thing of order) if (thing.bytes > above) yield thing
    },
    drop: async (batch, floor) => {
      const going = (batch as readonly Held[]).filter(({ stays }) => stays !== true)
      held = held.filter((thing) => !going.includes(thing))
      gone.push(...going.map(({ name }) => name))
      floors.push(floor)
      return { removed: going.length, freed: going.reduce((sum, { bytes }) => sum + bytes, 0) }
    },
  }
}

function thing(name: string, value: number, rest: Partial<Held> = {}): Held {
  return { name, value, bytes: 10, usedAt: 0, since: 1000, ...rest }
}

test('the least valuable of all stocks go first, and the floor rises to the dearest of them', async () => {
  const one = stockOf([thing('a', 1), thing('d', 4), thing('e', 5)])
  const other = stockOf([thing('b', 2), thing('c', 3), thing('f', 6)])
  const shrunk = await shrink([one, other], { budget: 30, target: 20, spareNewest: true }, never)
  expect(shrunk).toEqual({ removed: 4, freed: 40, excess: 0, oversize: 0 })
  expect([one.gone, other.gone]).toEqual([
    ['a', 'd'],
    ['b', 'c'],
  ])
  expect(Math.max(...[...one.floors, ...other.floors].map(Number))).toBe(4)
})

test('of the same value, what was used longest ago goes first', async () => {
  const stock = stockOf([thing('late', 1, { usedAt: 2 }), thing('early', 1, { usedAt: 1 })])
  await shrink([stock], { budget: 10, target: 10, spareNewest: false }, never)
  expect(stock.gone).toEqual(['early'])
})

test('what came last goes last, and the newest not at all when it is to be spared', async () => {
  const things = [thing('newest', 1, { since: 0 }), thing('recent', 2, { since: 1 }), thing('old', 3)]
  const spared = stockOf(things)
  expect(await shrink([spared], { budget: 11, target: 0, spareNewest: true }, never)).toMatchObject({ removed: 2 })
  expect(spared.gone).toEqual(['old', 'recent'])
  const all = stockOf(things)
  expect(await shrink([all], { budget: 0, target: 0, spareNewest: false }, never)).toMatchObject({ removed: 3 })
})

test('what fits the budget is left alone down to the target only once it was passed', async () => {
  const stock = stockOf([thing('a', 1), thing('b', 2)])
  expect(await shrink([stock], { budget: 20, target: 5, spareNewest: false }, never)).toMatchObject({ removed: 0 })
})

test('what is larger than the budget goes first; as the newest it stays, and does not count', async () => {
  const old = stockOf([thing('large', 9, { bytes: 50 }), thing('a', 1), thing('b', 2)])
  expect(await shrink([old], { budget: 30, target: 30, spareNewest: true }, never)).toMatchObject({ freed: 50 })
  expect(old.gone).toEqual(['large'])
  expect(old.floors).not.toContain(9)
  const fresh = stockOf([thing('large', 9, { bytes: 50, since: 0 }), thing('a', 1), thing('b', 2)])
  const shrunk = await shrink([fresh], { budget: 30, target: 30, spareNewest: true }, never)
  expect(shrunk).toEqual({ removed: 0, freed: 0, excess: 0, oversize: 50 })
})

test('it ends, and says how much is too much, when nothing more can go', async () => {
  const stock = stockOf([thing('a', 1, { stays: true }), thing('b', 2, { stays: true }), thing('c', 3)])
  const shrunk = await shrink([stock], { budget: 5, target: 5, spareNewest: false }, never)
  expect(shrunk).toEqual({ removed: 1, freed: 10, excess: 15, oversize: 0 })
})

test('an abort ends it with its reason', async () => {
  const reason = new Error('enough')
  const stock = stockOf([thing('a', 1)])
  const shrinking = shrink([stock], { budget: 0, target: 0, spareNewest: false }, AbortSignal.abort(reason))
  await expect(shrinking).rejects.toBe(reason)
  expect(stock.gone).toEqual([])
})
