import { StorageError } from '../errors/storage-error.ts'
import { cidKey } from '../cid/key.ts'
import { semaphore, type Semaphore } from '../layers/semaphore.ts'
import { leafMatches } from '../outboard/leaf.ts'
import { parseOutboard } from '../outboard/parse.ts'
import type { BlobStat, CallOptions } from '../spi/backend.ts'
import type { PartialBlob, PartialOptions } from '../spi/near-store.ts'
import type { StoredPartial } from './contents.ts'
import type { Session } from './session.ts'
import { store } from './take-in.ts'

export type OpenPartial = (
  blob: BlobStat & { readonly outboard: Uint8Array },
  options?: PartialOptions,
) => Promise<PartialBlob>

/** Who is in, and who waits. */
interface Door {
  readonly lock: Semaphore
  contended: AbortController
  waiting: number
}

/** Opens partial blobs, one at a time for each CID. */
export function partials(session: Session): OpenPartial {
  const doors = new Map<string, Door>()
  return async ({ cid, size, outboard: bytes }, options) => {
    const signal = session.begin(options)
    const given = new Uint8Array(bytes)
    const outboard = parseOutboard(given, cid, size)
    const key = cidKey(cid)
    const door = doors.get(key) ?? { lock: semaphore(1), contended: new AbortController(), waiting: 0 }
    doors.set(key, door)
    door.contended.abort()
    door.waiting++
    const leave = await door.lock.acquire(signal).finally(() => door.waiting--)
    const contended = new AbortController()
    door.contended = contended
    if (door.waiting > 0) contended.abort()
    const { partials } = session.contents
    const partial: StoredPartial = partials.get(key) ?? { leaves: new Map(), touchedAt: session.now() }
    partials.set(key, partial)
    const { leaves } = partial
    const { count } = outboard.leaves
    let open = true

    const begin = (operation: string, call?: CallOptions) => {
      session.begin(call)
      if (!open) throw new StorageError('closed', `the partial blob is closed`, { operation, cid })
      partial.touchedAt = session.now()
    }
    const end = () => {
      open = false
      leave()
    }
    function* missing(): Iterable<number> {
      for (let leaf = 0; leaf < count; leaf++) if (!leaves.has(leaf)) yield leaf
    }

    return {
      cid,
      size,
      leafCount: count,
      contended: contended.signal,
      has: (leaf) => leaves.has(leaf),
      missing,
      async write(leaf, bytes, call) {
        begin('write', call)
        if (!Number.isInteger(leaf) || leaf < 0 || leaf >= count) {
          throw new StorageError('invalid-argument', `there is no leaf ${leaf} among ${count}`, {
            operation: 'write',
            cid,
          })
        }
        if (!leafMatches(outboard, leaf, bytes)) {
          throw new StorageError('integrity', `these are not the bytes of leaf ${leaf} of ${cid}`, {
            operation: 'write',
            cid,
          })
        }
        leaves.set(leaf, new Uint8Array(bytes))
      },
      async read(leaf, call) {
        begin('read', call)
        const bytes = leaves.get(leaf)
        if (bytes === undefined)
          throw new StorageError('not-found', `leaf ${leaf} of ${cid} is not here yet`, { operation: 'read', cid })
        return bytes.slice()
      },
      async publish(commit = {}) {
        begin('publish', commit)
        const [first] = missing()
        if (first !== undefined) {
          throw new StorageError('conflict', `leaf ${first} of ${cid} is missing`, { operation: 'publish', cid })
        }
        const inOrder = Array.from({ length: count }, (_, leaf) => leaves.get(leaf) as Uint8Array)
        const ingested = store(
          session,
          { cid, size, outboard: given, bytes: new Uint8Array(Buffer.concat(inOrder)) },
          commit,
        )
        partials.delete(key)
        end()
        return ingested
      },
      async close() {
        if (open) end()
      },
      async discard() {
        if (!open) return
        partials.delete(key)
        end()
      },
    }
  }
}
