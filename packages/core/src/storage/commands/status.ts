import { raceAbort } from '../../errors/abort.ts'
import { asStorageError } from '../../errors/as-storage-error.ts'
import type { Backend } from '../../spi/backend.ts'
import type { Context } from '../context.ts'
import type { CopySum } from '../../spi/copies.ts'
import type { Outbox } from '../outbox/outbox.ts'
import { copiesOfTier, outboxStatus } from '../outbox/status.ts'
import type { BackendStatus, StorageStatus } from '../types.ts'

const PROBE_MS = 5_000

/** How things stand. Every backend is probed now, all at the same time; one that does not answer within five seconds is unreachable. */
export async function status(
  context: Context,
  signal: AbortSignal,
): Promise<Pick<StorageStatus, 'backends' | 'usage' | 'outbox' | 'rules' | 'counters'>> {
  const { near, tiers, outbox, autoTier, unavailable, counters } = context
  const [usage, sums, ...probed] = await Promise.all([
    near.usage(),
    near.catalog.copies.sums(),
    ...[near, ...tiers].map((backend) => probe(backend, signal)),
  ])
  const [first, ...rest] = probed
  const far = [...rest, ...unavailable.map((backend) => ({ ...backend, reachable: false }))]
  return {
    backends: [
      ...(first === undefined ? [] : [{ ...first, blobs: usage.blobs + usage.directories, bytes: usage.bytes }]),
      ...far.map((backend) => ({ ...backend, ...knownOf(backend.name, sums, outbox) })),
    ],
    usage,
    outbox: outboxStatus(sums, outbox),
    ...(autoTier !== undefined && { rules: autoTier.status() }),
    counters: { ...counters },
  }
}

function knownOf(name: string, sums: readonly CopySum[], { lanes }: Outbox): Partial<BackendStatus> {
  if (!sums.some(({ tier }) => tier === name)) return {}
  const { stored, bytes, queued, failed } = copiesOfTier(sums, name)
  const lastError = lanes.get(name)?.lastError
  return { blobs: stored, bytes, queued, failed, ...(lastError !== undefined && { lastError }) }
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
