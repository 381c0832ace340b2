import { StorageError } from '../../errors/storage-error.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Rules that move content between the tiers by themselves. */
export interface AutoTierOptions {
  /** What is read so often within so many milliseconds is pinned here and copied to the far tiers. Default: 5 reads in an hour. */
  readonly seeding?: { readonly reads?: number | undefined; readonly within?: number | undefined } | false | undefined
  /** What nobody used for so many milliseconds, and a far tier has, leaves the near store. Default: after a week. */
  readonly cooling?: { readonly after?: number | undefined } | false | undefined
  /** Milliseconds between two looks for what has become cold. Default: ten minutes. */
  readonly interval?: number | undefined
}

export interface SeedingRule {
  readonly reads: number
  readonly within: number
}

export interface CoolingRule {
  readonly after: number
}

export interface Rules {
  readonly seeding: SeedingRule | undefined
  readonly cooling: CoolingRule | undefined
  readonly interval: number
}

/** The rules that hold; `undefined` when none do. `invalid-argument` for numbers that make no sense. */
export function rulesOf(autoTier: boolean | AutoTierOptions = false): Rules | undefined {
  if (autoTier === false) return undefined
  const { seeding, cooling, interval = HOUR / 6 } = autoTier === true ? {} : autoTier
  return {
    seeding:
      seeding === false
        ? undefined
        : {
            reads: positive('seeding.reads', seeding?.reads ?? 5),
            within: positive('seeding.within', seeding?.within ?? HOUR),
          },
    cooling: cooling === false ? undefined : { after: positive('cooling.after', cooling?.after ?? 7 * DAY) },
    interval: positive('interval', interval),
  }
}

function positive(name: string, value: number): number {
  if (Number.isFinite(value) && value >= 1) return value
  throw new StorageError('invalid-argument', `autoTier: ${name} is ${value}, not a number of at least 1.`)
}
