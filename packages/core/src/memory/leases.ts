import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import type { Lease } from '../spi/near-store.ts'
import { required } from './commit.ts'
import type { Session } from './session.ts'

export interface Leases {
  take(cid: CID): Lease
  /** Gives all of this store's leases back. */
  releaseAll(): void
}

export function leases({ contents, begin }: Session): Leases {
  const held = new Set<() => void>()
  return {
    take(cid) {
      begin()
      const key = cidKey(required(contents, cid, 'lease').cid)
      contents.leases.set(key, (contents.leases.get(key) ?? 0) + 1)
      const drop = () => {
        if (!held.delete(drop)) return
        const left = (contents.leases.get(key) ?? 1) - 1
        if (left > 0) contents.leases.set(key, left)
        else contents.leases.delete(key)
      }
      held.add(drop)
      const release = async () => drop()
      return { cid, release, [Symbol.asyncDispose]: release }
    },
    releaseAll() {
      for (const drop of held) drop()
    },
  }
}
