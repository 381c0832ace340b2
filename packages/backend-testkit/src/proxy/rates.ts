import { bucketOf, type Bucket } from './bucket.ts'
import { isOf, ofKind, type Fault, type Side } from './fault.ts'

/** Bytes per second that all connections of a proxy have together. */
export interface Rates {
  readonly answer?: number | undefined
  readonly request?: number | undefined
}

/** Gives the buckets that a stream has to pass: those that all share, and those of its own faults. */
export function bucketsOf(rates: Rates): (side: Side, faults: readonly Fault[]) => Bucket[] {
  const shared = {
    answer: rates.answer === undefined ? [] : [bucketOf(rates.answer)],
    request: rates.request === undefined ? [] : [bucketOf(rates.request)],
  }
  return (side, faults) => [
    ...shared[side],
    ...ofKind(faults, 'throttle')
      .filter((fault) => isOf(fault, side))
      .map(({ bytesPerSecond }) => bucketOf(bytesPerSecond)),
  ]
}
