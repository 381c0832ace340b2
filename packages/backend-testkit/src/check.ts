import { StorageError, type Body, type CID, type StorageErrorCode } from '@stowage/core/spi'

/** A promise of the contract that the backend did not keep. */
export class ConformanceFailure extends Error {
  static {
    Object.defineProperty(this.prototype, 'name', { value: 'ConformanceFailure' })
  }
}

export function check(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new ConformanceFailure(otherwise)
}

export function same<T extends string | number | boolean | null | undefined>(
  actual: T,
  expected: T,
  what: string,
): void {
  if (!Object.is(actual, expected))
    throw new ConformanceFailure(`${what}: ${String(actual)} instead of ${String(expected)}`)
}

/** Says where bytes part ways instead of printing them. */
export function sameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  same(actual.length, expected.length, `${what}, length`)
  const at = actual.findIndex((byte, index) => byte !== expected[index])
  if (at >= 0) throw new ConformanceFailure(`${what}: byte ${at} is ${actual[at]} instead of ${expected[at]}`)
}

/** The call must fail with a `StorageError` of this code (or one of these). */
export async function fails(
  promise: Promise<unknown>,
  code: StorageErrorCode | readonly StorageErrorCode[],
): Promise<void> {
  const codes = typeof code === 'string' ? [code] : code
  const outcome = await settle(promise)
  if ('value' in outcome) throw new ConformanceFailure(`succeeded instead of failing with ${codes.join(' or ')}`)
  if (!codes.some((each) => StorageError.is(outcome.error, each))) {
    throw new ConformanceFailure(`failed with ${String(outcome.error)} instead of ${codes.join(' or ')}`, {
      cause: outcome.error,
    })
  }
}

/** The call must reject with this very value, as aborted calls do with `signal.reason`. */
export async function rejectsWith(promise: Promise<unknown>, reason: unknown): Promise<void> {
  const outcome = await settle(promise)
  if ('value' in outcome) throw new ConformanceFailure('succeeded instead of rejecting with the reason')
  if (outcome.error !== reason)
    throw new ConformanceFailure('rejected with something else than the reason itself', { cause: outcome.error })
}

async function settle(promise: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await promise }
  } catch (error) {
    return { error }
  }
}

/** All bytes of a body. Chunks are not copied as they come, so that one which changes afterwards is noticed. */
export async function bytesOf(body: Body): Promise<Uint8Array> {
  return new Uint8Array(Buffer.concat(await collect(body)))
}

export function sameCid(actual: CID | undefined, expected: CID | undefined, what: string): void {
  same(actual?.toString(), expected?.toString(), what)
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}
