import type { Fault, StreamFault } from '@stowage/backend-testkit/proxy'
import fc from 'fast-check'

/** Before the first leaf's end, in the middle of a leaf, in the next ones. */
const place = fc.oneof(fc.nat({ max: 4096 }), fc.nat({ max: 3 * 2 ** 20 }))
const side = fc.constantFrom('answer' as const, 'request' as const)
const kind = fc.constant

const streamFault: fc.Arbitrary<StreamFault> = fc.oneof(
  fc.record({ kind: kind('latency' as const), ms: fc.nat({ max: 300 }) }),
  fc.record({ kind: kind('throttle' as const), bytesPerSecond: fc.integer({ min: 4e6, max: 1e8 }), of: side }),
  fc.record({ kind: kind('cut' as const), after: place, how: fc.constantFrom('reset', 'end'), of: side }),
  fc.record({ kind: kind('corrupt' as const), at: place, of: side }),
  fc.record({ kind: kind('hang' as const), after: fc.option(place, { nil: undefined }), of: side }),
  fc.constant({ kind: 'refuse' as const }),
)

/** No 404: by it a server says that it does not have the blob, which is an answer. */
const answerFault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: kind('status' as const),
    status: fc.constantFrom(401, 403, 408, 429, 500, 502, 503, 504),
    retryAfter: fc.constantFrom(undefined, 0, 1),
  }),
  fc.record({ kind: kind('length' as const), by: fc.integer({ min: -2e6, max: 2e6 }) }),
  fc.record({ kind: kind('range' as const), how: fc.constantFrom('ignored', 'shifted', 'lying', 'mislabelled') }),
)

/** The faults of the first requests, or connections; those after them have none. */
const schedules = <F>(fault: fc.Arbitrary<F>): fc.Arbitrary<F[][]> =>
  fc.array(fc.array(fault, { maxLength: 2 }), { maxLength: 12 })

export const httpSchedules: fc.Arbitrary<Fault[][]> = schedules(fc.oneof(streamFault, answerFault))
export const tcpSchedules: fc.Arbitrary<StreamFault[][]> = schedules(streamFault)
