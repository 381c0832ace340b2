/** How fast a source is over all its requests, while any of them gives bytes. Times are milliseconds of any clock. */
export interface Rate {
  /** The first bytes of a request come. */
  begin(askedAt: number, now: number): void
  /** A request that gave bytes ends. */
  end(now: number): void
  add(bytes: number, now: number): void
  /** Bytes a second; `undefined` until there is something to go by. */
  at(now: number): number | undefined
  /** Milliseconds from a request to its first bytes. */
  readonly latency: number | undefined
}

/** What is measured within it is one sample. */
const SAMPLE_MS = 200
/** The first sample may be shorter: until then runs are sized blindly. */
const FIRST_SAMPLE_MS = 50
/** How much a new sample counts. */
const WEIGHT = 0.4

export function createRate(): Rate {
  let requests = 0
  let since = 0
  let bytes = 0
  let busy = 0
  let mean: number | undefined
  let latency: number | undefined

  const blend = (old: number | undefined, sample: number): number =>
    old === undefined ? sample : old + WEIGHT * (sample - old)

  function pass(now: number): void {
    if (requests > 0) busy += now - since
    since = now
  }

  return {
    begin: (askedAt, now) => {
      pass(now)
      requests++
      latency = blend(latency, now - askedAt)
    },
    end: (now) => {
      pass(now)
      requests--
    },
    add: (more, now) => {
      pass(now)
      bytes += more
      if (busy < (mean === undefined ? FIRST_SAMPLE_MS : SAMPLE_MS)) return
      mean = blend(mean, (1000 * bytes) / busy)
      bytes = 0
      busy = 0
    },
    at: (now) => {
      const open = busy + (requests > 0 ? now - since : 0)
      // A source that went quiet closes no sample.
      return open > 2 * SAMPLE_MS ? blend(mean, (1000 * bytes) / open) : mean
    },
    get latency() {
      return latency
    },
  }
}
