import { raceAbort } from '../../errors/abort.ts'
import { asStorageError } from '../../errors/as-storage-error.ts'
import type { Backend } from '../../spi/backend.ts'
import type { Context } from '../context.ts'
import type { BackendStatus } from '../types.ts'

const PROBE_MS = 5_000

/** Every backend is probed now, all at the same time; one that does not answer within five seconds is unreachable. */
export async function probeAll({ near, tiers }: Context, signal: AbortSignal): Promise<BackendStatus[]> {
  return Promise.all([near, ...tiers].map((backend) => probe(backend, signal)))
}

async function probe(backend: Backend, signal: AbortSignal): Promise<BackendStatus> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)])
  const { name } = backend
  try {
    const { reachable, latency, error } = await raceAbort(backend.health({ signal: patience }), patience)
    return { name, reachable, latency, error: error === undefined ? undefined : asStorageError(error) }
  } catch (error) {
    signal.throwIfAborted()
    return {
      name,
      reachable: false,
      error: asStorageError(error, { backend: name, operation: 'health', transient: true }),
    }
  }
}
