import type { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import type { Lease, NearStore } from '../spi/near-store.ts'

/** Stores and takes a lease. What somebody deleted between the two, with a directory that held it, is stored again. */
export async function storeLeased<T extends { readonly cid: CID }>(
  near: NearStore,
  leases: Lease[],
  store: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const stored = await store()
    try {
      leases.push(await near.lease(stored.cid))
      return stored
    } catch (error) {
      if (!StorageError.is(error, 'not-found')) throw error
    }
  }
}
