import { breaker } from '../layers/breaker.ts'
import { compose } from '../layers/forward.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import type { Backend } from '../spi/backend.ts'
import type { Logger } from '../storage/types.ts'
import { announce } from './announce.ts'
import { createRate, type Rate } from './rate.ts'

/** A place that is read, timed and blamed by itself. All fetches of a storage share it. */
export interface Source {
  /** With a breaker, and with a bound on how long it may stay silent: for bytes, which another source may give as well. */
  readonly backend: Backend
  /** The same, and asked again where it fails: for questions. */
  readonly asked: Backend
  /** The tier that it belongs to. */
  readonly tier: string
  /** True: that tier keeps copies, so that what comes from it is known to be there. */
  readonly keeps: boolean
  readonly rate: Rate
  /** Requests for leaves under way. */
  requests: number
}

/** The sources of each tier, nearest first. */
export type Sources = readonly (readonly Source[])[]

export function sourcesOf(tiers: readonly Backend[], idleTimeout: number, logger: Logger): Sources {
  const questions = retry({ attempts: 2, delays: [500] })
  const patience = timeout({ call: idleTimeout, idle: idleTimeout })
  return tiers.map((tier) =>
    (tier.sources ?? [tier]).map((source) => {
      const guard = breaker()
      const heard = compose(source, patience, announce(logger, tier.name))
      return {
        backend: compose(heard, guard),
        asked: compose(heard, questions, guard),
        tier: tier.name,
        keeps: tier.put !== undefined,
        rate: createRate(),
        requests: 0,
      }
    }),
  )
}
