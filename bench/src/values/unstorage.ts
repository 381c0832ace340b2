import { join } from 'node:path'
import { peer } from '../peer.ts'
import { inFlight, sha256, type ValueStore, type ValueStoreKind } from './value-store.ts'

/** What is used of unstorage. */
interface Unstorage {
  setItemRaw(key: string, value: Buffer): Promise<void>
  getItemRaw(key: string): Promise<Uint8Array>
  dispose(): Promise<void>
}

/** unstorage with its driver for files. */
export const unstorage: ValueStoreKind = {
  needs: ['unstorage'],
  share: 0.25,
  async open(dir): Promise<ValueStore> {
    const { createStorage } = await peer<{ createStorage(options: object): Unstorage }>('unstorage')
    const { default: driver } = await peer<{ default(options: object): object }>('unstorage/drivers/fs-lite')
    const storage = createStorage({ driver: driver({ base: join(dir, 'values') }) })
    const put = async (value: Buffer): Promise<void> => storage.setItemRaw(sha256(value).toString('hex'), value)
    return {
      put: async (values) => inFlight(values.length, async (index) => put(values[index] ?? Buffer.alloc(0))),
      reader(digests) {
        const keys = digests.map((digest) => digest.toString('hex'))
        return (index) => storage.getItemRaw(keys[index] ?? '')
      },
      verifies: false,
      close: async () => storage.dispose(),
    }
  },
}
