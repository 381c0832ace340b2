import { throwIfAborted } from '@stowage/core/spi'
import { isRecent } from './policy/worth.ts'
import { takeTurns } from './turns.ts'

/** Something that takes room in the folder and can give some back. All stocks share one budget, and one clock: see `totals`. */
export interface Stock {
  /** Bytes held now. Asked often. */
  bytes(): number
  /** What may go, the least valuable first; with `above`, only what has more bytes than that, in any order. */
  victims(options: { readonly above?: number }): AsyncIterable<Victim>
  /**
   * Removes those of its own that still may go and were not used since. With `floor`, it raises the floor to that in the
   * same change.
   */
  drop(batch: readonly Victim[], floor: number | undefined, signal: AbortSignal): Promise<Evicted>
}

/** What goes together. */
export interface Victim {
  readonly bytes: number
  readonly value: number
  /** Milliseconds; between those of one value, the longest ago goes first. */
  readonly usedAt: number
  /** Bytes that came into the folder after it; 0: it is the newest. */
  readonly since: number
}

export interface Evicted {
  /** Blobs and directories. */
  readonly removed: number
  /** Bytes of the blobs. */
  readonly freed: number
}

export interface Shrinking {
  readonly budget: number
  /** Down to so many bytes, once it has begun. At most the budget. */
  readonly target: number
  /** Keep the newest, whatever its size; larger than the budget, it does not count. */
  readonly spareNewest: boolean
}

export interface Shrunk extends Evicted {
  /** Bytes above the budget that nothing can be done about now. */
  readonly excess: number
  /** Bytes of the newest, where it is larger than the budget and spared. */
  readonly oversize: number
}

/** Victims in one change at most. */
const BATCH = 64

/**
 * Evicts until what is held fits: first what is larger than the budget anyway, then the rest by value but for what came
 * last, then that, too. What stands only below another thing comes up once that is gone: hence rounds.
 */
export async function shrink(stocks: readonly Stock[], shrinking: Shrinking, signal: AbortSignal): Promise<Shrunk> {
  const { budget, target, spareNewest } = shrinking
  const held = (): number => stocks.reduce((sum, stock) => sum + stock.bytes(), 0)
  let evicted: Evicted = { removed: 0, freed: 0 }
  let oversize = 0
  const excess = (): number => held() - oversize - target

  if (held() > budget) {
    await round({ above: budget, ranks: false }, ({ since, bytes }) => {
      if (!spareNewest || since > 0) return true
      oversize += bytes
      return false
    })
  }
  if (held() - oversize > budget) {
    await rounds(({ since }) => !isRecent(since, budget))
    await rounds(({ since }) => !spareNewest || since > 0)
  }
  return { ...evicted, excess: Math.max(0, held() - oversize - budget), oversize }

  async function rounds(wanted: (victim: Victim) => boolean): Promise<void> {
    while (excess() > 0 && (await round({ ranks: true }, wanted)) > 0);
  }

  /** Answers how much was removed. */
  async function round(
    { above, ranks }: { readonly above?: number; readonly ranks: boolean },
    wanted: (victim: Victim) => boolean,
  ): Promise<number> {
    const before = evicted.removed
    let batch: Ranked[] = []
    let planned = 0
    for await (const ranked of merged(stocks, above === undefined ? {} : { above })) {
      await takeTurns()
      throwIfAborted(signal)
      if (excess() <= planned) break
      if (!wanted(ranked.victim)) continue
      batch.push(ranked)
      planned += ranked.victim.bytes
      if (batch.length < BATCH) continue
      await drop(batch, ranks)
      batch = []
      planned = 0
    }
    await drop(batch, ranks)
    return evicted.removed - before
  }

  async function drop(batch: readonly Ranked[], ranks: boolean): Promise<void> {
    for (const [stock, victims] of Map.groupBy(batch, ({ stock }) => stock)) {
      const floor = ranks ? Math.max(...victims.map(({ victim }) => victim.value)) : undefined
      const { removed, freed } = await stock.drop(
        victims.map(({ victim }) => victim),
        floor,
        signal,
      )
      evicted = { removed: evicted.removed + removed, freed: evicted.freed + freed }
    }
  }
}

interface Ranked {
  readonly stock: Stock
  readonly victim: Victim
}

/** The victims of all stocks in one order. */
async function* merged(stocks: readonly Stock[], options: { readonly above?: number }): AsyncGenerator<Ranked> {
  const open = stocks.map((stock) => ({ stock, victims: stock.victims(options)[Symbol.asyncIterator]() }))
  const heads = new Map<(typeof open)[number], Victim>()
  const advance = async (one: (typeof open)[number]): Promise<void> => {
    const next: IteratorResult<Victim, unknown> = await one.victims.next()
    if (next.done === true) heads.delete(one)
    else heads.set(one, next.value)
  }
  try {
    for (const one of open) await advance(one)
    while (heads.size > 0) {
      const [source, victim] = [...heads].reduce((least, head) => (isBefore(head[1], least[1]) ? head : least))
      yield { stock: source.stock, victim }
      await advance(source)
    }
  } finally {
    for (const { victims } of open) await victims.return?.()
  }
}

type Place = Pick<Victim, 'value' | 'usedAt'>

/** The order of eviction. */
export function isBefore(one: Place, other: Place): boolean {
  return one.value < other.value || (one.value === other.value && one.usedAt < other.usedAt)
}
