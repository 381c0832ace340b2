import { StorageError } from '../errors/storage-error.ts'
import { hashPool } from '../hash/pool.ts'
import { bufferRing } from '../hash/shared-bytes.ts'
import { isOutage } from '../layers/breaker.ts'
import { semaphore } from '../layers/semaphore.ts'
import type { Outboard } from '../outboard/outboard.ts'
import type { PartialBlob } from '../spi/near-store.ts'
import type { Failures } from './failures.ts'
import type { Run } from './peer.ts'
import { performRun } from './run.ts'
import type { RunEnd, Schedule } from './schedule.ts'
import type { Source } from './sources.ts'

export interface RunsInit {
  readonly schedule: Schedule
  readonly outboard: Outboard
  readonly partial: PartialBlob
  readonly failures: Failures
  /** A leaf is verified and kept. The bytes are lent. */
  kept(leaf: number, source: Source, bytes: Uint8Array): void
  /** A source failed; what it was to give is asked for again. */
  failed(): void
  /** Leaves cannot be kept any more. */
  broken(error: unknown): void
  /** Something is to be decided anew. */
  changed(): void
}

/** The requests of a fetch that are under way, and the leaves that came and are being checked. */
export interface Runs {
  begin(run: Run, source: Source): void
  stop(run: Run): void
  /** For good. */
  end(): void
  readonly idle: boolean
}

const NOT_NEEDED = new StorageError('closed', 'Nobody needs this any more.')

export function createRuns({ schedule, outboard, partial, failures, ...on }: RunsInit): Runs {
  const running = new Map<Run, AbortController>()
  const inChecks = semaphore(2 * hashPool().size)
  const buffers = bufferRing(4 * hashPool().size, outboard.leaves.length(0))
  let checking = 0
  let over = false

  async function perform(run: Run, source: Source, control: AbortController): Promise<void> {
    const { signal } = control
    const work = {
      backend: source.backend,
      outboard,
      buffers,
      signal,
      onBytes: (more: number) => schedule.heard(run, more, performance.now()),
      take: (bytes: Uint8Array) => take(run, source, bytes),
    }
    source.requests++
    const end = await performRun(run, work).then(
      (): RunEnd => 'received',
      (error: unknown): RunEnd => (signal.aborted ? 'stopped' : failure(run, source, error)),
    )
    // What it still sends is wanted by nobody.
    control.abort(NOT_NEEDED)
    running.delete(run)
    source.requests--
    schedule.ended(run, end, performance.now())
    if (end !== 'received' && end !== 'stopped') on.failed()
    on.changed()
  }

  function failure(run: Run, source: Source, error: unknown): RunEnd {
    failures.add(source, error)
    if (StorageError.is(error, 'integrity')) {
      schedule.wrong(run, run.next)
      return 'stopped'
    }
    return { transient: isOutage(error) || (StorageError.is(error) && error.transient) }
  }

  async function take(run: Run, source: Source, bytes: Uint8Array): Promise<void> {
    const leaf = run.next
    if (!schedule.received(run)) return buffers.give(bytes)
    checking++
    const leave = await inChecks.acquire()
    run.heardAt = performance.now()
    check(run, leaf, source, bytes)
      .catch(on.broken)
      .finally(() => {
        buffers.give(bytes)
        leave()
        checking--
        on.changed()
      })
  }

  async function check(run: Run, leaf: number, source: Source, bytes: Uint8Array): Promise<void> {
    if (over) return
    try {
      await partial.write(leaf, bytes)
    } catch (error) {
      if (over) return
      if (!StorageError.is(error, 'integrity')) throw error
      failures.lied(source, leaf, error)
      schedule.wrong(run, leaf)
      return
    }
    on.kept(leaf, source, bytes)
  }

  return {
    begin: (run, source) => {
      const control = new AbortController()
      running.set(run, control)
      perform(run, source, control).catch(on.broken)
    },
    stop: (run) => running.get(run)?.abort(NOT_NEEDED),
    end: () => {
      over = true
      for (const control of running.values()) control.abort(NOT_NEEDED)
    },
    get idle() {
      return running.size === 0 && checking === 0
    },
  }
}
