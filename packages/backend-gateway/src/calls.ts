import type { CID } from '@stowage/core/spi'
import { blame } from './errors.ts'
import { lifetime } from './lifetime.ts'
import type { Standing } from './standing.ts'

/** How the calls of one place run: they end with it, and their failures are blamed on it. */
export interface Calls {
  run<T>(
    operation: string,
    cid: CID | undefined,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T>
  stream<T>(
    operation: string,
    cid: CID,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => AsyncIterable<T>,
  ): AsyncGenerator<T>
  close(): Promise<void>
}

export interface Place {
  readonly name: string
  /** Its URL, without secrets. */
  sourceOf(cid: CID | undefined): string
  readonly standing: Standing
}

export function calls({ name, sourceOf, standing }: Place): Calls {
  const life = lifetime(name)

  function failure(error: unknown, operation: string, cid: CID | undefined, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason
    const blamed = blame(error, { backend: name, source: sourceOf(cid), operation, cid })
    standing.failed(blamed, performance.now())
    return blamed
  }

  return {
    run: async (operation, cid, signal, work) => {
      const call = life.begin(signal)
      try {
        const result = await work(call.signal)
        standing.succeeded()
        return result
      } catch (error) {
        throw failure(error, operation, cid, call.signal)
      } finally {
        call.end()
      }
    },
    stream: async function* (operation, cid, signal, work) {
      const call = life.begin(signal)
      try {
        yield* work(call.signal)
        standing.succeeded()
      } catch (error) {
        throw failure(error, operation, cid, call.signal)
      } finally {
        call.end()
      }
    },
    close: async () => life.close(),
  }
}
