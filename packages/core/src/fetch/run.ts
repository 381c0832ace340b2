import { releaseIterator } from '../content/release.ts'
import { raceAbort } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { BufferRing } from '../hash/shared-bytes.ts'
import type { Outboard } from '../outboard/outboard.ts'
import type { Backend, BlobRead, ReadOptions } from '../spi/backend.ts'
import type { Run } from './peer.ts'

export interface RunWork {
  readonly backend: Backend
  readonly outboard: Outboard
  readonly buffers: BufferRing
  readonly signal: AbortSignal
  onBytes(count: number): void
  /** The bytes of the run's next leaf; from now on they are the taker's. Resolves when it can take more. */
  take(bytes: Uint8Array): Promise<void>
}

/** Reads the leaves of a run, to where it ends by then. What came is taken even if the rest does not come. */
export async function performRun(run: Run, work: RunWork): Promise<void> {
  const { backend, outboard, signal } = work
  const { leaves, cid } = outboard
  const start = leaves.offset(run.first)
  const whole = run.peer.ranges === 'none'
  const range: ReadOptions = whole
    ? { signal, outboard }
    : { signal, outboard, offset: start, length: leaves.offset(run.last) - start }
  const read = await raceAbort(backend.read(cid, range), signal)
  const iterator = read.body[Symbol.asyncIterator]()
  const body = { finished: false }
  try {
    assertAsked(read, whole ? 0 : start, work)
    await cut(run, iterator, body, work, whole ? start : 0)
  } finally {
    // A body that hangs would hang in its release as well.
    if (!body.finished) releaseIterator(iterator)
  }
}

function assertAsked({ size, offset }: BlobRead, start: number, { backend, outboard }: RunWork): void {
  if (size === outboard.size && offset === start) return
  throw new StorageError(
    'integrity',
    `${backend.name} gave bytes from ${offset} of ${size}, and was asked for those from ${start} of ${outboard.size}.`,
    { backend: backend.name, operation: 'read', cid: outboard.cid },
  )
}

async function cut(
  run: Run,
  iterator: AsyncIterator<Uint8Array>,
  body: { finished: boolean },
  { backend, outboard: { leaves, cid }, buffers, signal, onBytes, take }: RunWork,
  skip: number,
): Promise<void> {
  let held: Uint8Array | undefined
  let filled = 0
  try {
    while (run.next < run.last) {
      const next = await raceAbort(iterator.next(), signal)
      if (next.done === true) {
        body.finished = true
        throw new StorageError('unavailable', `${backend.name} broke off before the end of what it was asked for.`, {
          backend: backend.name,
          operation: 'read',
          transient: true,
          cid,
        })
      }
      const chunk = next.value
      onBytes(chunk.length)
      const skipped = Math.min(skip, chunk.length)
      skip -= skipped
      for (let at = skipped; at < chunk.length && run.next < run.last;) {
        held ??= buffers.take(leaves.length(run.next))
        const count = Math.min(held.length - filled, chunk.length - at)
        held.set(chunk.subarray(at, at + count), filled)
        at += count
        filled += count
        if (filled < held.length) continue
        const full = held
        held = undefined
        filled = 0
        await take(full)
        signal.throwIfAborted()
      }
    }
  } finally {
    if (held !== undefined) buffers.give(held)
  }
}
