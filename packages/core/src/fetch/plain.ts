import type { CID } from 'multiformats/cid'
import { releaseIterator } from '../content/release.ts'
import { raceAbort } from '../errors/abort.ts'
import { StorageError } from '../errors/storage-error.ts'
import { relay } from '../layers/relay.ts'
import type { Body } from '../spi/backend.ts'
import type { NearStore } from '../spi/near-store.ts'
import { gaveUp, type Failures } from './failures.ts'
import { areMembers, tell } from './share.ts'
import type { Share } from './interest.ts'
import type { Source } from './sources.ts'

/** Who has a blob, and of how many bytes, as they say. */
export interface Holder {
  readonly source: Source
  readonly size: number
}

export interface PlainInit {
  readonly near: NearStore
  readonly holders: readonly Holder[]
  readonly shares: ReadonlySet<Share>
  readonly failures: Failures
  /** Sources that gave what is right. */
  readonly givers: Set<Source>
  readonly signal: AbortSignal
}

/** Nobody has the outboard: all bytes from one source after the other, to be looked at when they are all here. */
export async function ingestPlain(
  cid: CID,
  { near, holders, shares, failures, givers, signal }: PlainInit,
): Promise<'here'> {
  const onBytes = (bytes: number): void => shares.forEach(({ progress }) => progress?.at(bytes))
  for (const { source, size } of holders) {
    let given: Given | undefined
    try {
      const { body } = await raceAbort(source.backend.read(cid, { signal }), signal)
      for (const share of shares) tell(share, source)
      given = atMost(body, size, source)
      await near.ingest(given.body, { signal, expect: { cid }, onBytes, member: areMembers(shares) })
      givers.add(source)
      return 'here'
    } catch (error) {
      signal.throwIfAborted()
      // What the near store could not do, no other source mends.
      if (given?.broken() === false && !StorageError.is(error, 'integrity')) throw error
      failures.add(source, error)
    }
  }
  throw gaveUp(cid, failures)
}

interface Given {
  readonly body: Body
  /** The source is to blame for the end. */
  broken(): boolean
}

/** A body that does not end would fill the disk. */
function atMost(body: Body, size: number, { backend: { name } }: Source): Given {
  const source = body[Symbol.asyncIterator]()
  let count = 0
  let broken = false
  const step = async (pull: () => Promise<IteratorResult<Uint8Array>>): Promise<IteratorResult<Uint8Array>> => {
    const next = await pull()
    if (next.done !== true) count += next.value.length
    if (count <= size) return next
    throw new StorageError('integrity', `${name} gives more than the ${size} bytes that it says the blob has.`, {
      backend: name,
      operation: 'read',
    })
  }
  const bounded = relay(() => source, {
    step,
    ended: ({ how }) => {
      if (how !== 'failed') return
      broken = true
      releaseIterator(source)
    },
  })
  return { body: bounded, broken: () => broken }
}
