import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { rawCid, type NearStore } from '@stowage/core'
import type { StorageOptions } from 'stowage'
import { openStorage } from '../stowage.ts'
import { inFlight, type ValueStore, type ValueStoreKind } from './value-store.ts'

/** Through the API that everybody uses. */
export function stowage(options?: StorageOptions): ValueStoreKind {
  return {
    async open(dir): Promise<ValueStore> {
      const storage = await openStorage(dir, options)
      return {
        put: async (values) => inFlight(values.length, (index) => storage.put(values[index] ?? '')),
        reader(digests) {
          const cids = digests.map((digest) => rawCid(digest))
          return (index) => storage.get(cids[index] ?? '').bytes()
        },
        verifies: true,
        close: async () => storage.close(),
      }
    },
  }
}

/** The near store below it, as a backend's author sees it. */
export const nearStore: ValueStoreKind = {
  async open(dir): Promise<ValueStore> {
    const near: NearStore = local({ dir: join(dir, 'store') })
    return {
      put: async (values) => inFlight(values.length, (index) => near.ingestBytes?.(values[index] ?? new Uint8Array())),
      reader(digests) {
        const cids = digests.map((digest) => rawCid(digest))
        return async (index) => {
          const cid = cids[index]
          const bytes = cid && (await near.readBytes?.(cid))
          if (bytes === undefined) throw new RangeError(`there is no value ${index}`)
          return bytes
        }
      },
      verifies: true,
      close: async () => near.close(),
    }
  },
}
