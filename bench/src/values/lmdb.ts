import { join } from 'node:path'
import { peer } from '../peer.ts'
import { inFlight, sha256, type ValueStore, type ValueStoreKind } from './value-store.ts'

/** What is used of lmdb. */
interface Database {
  readonly flushed: Promise<unknown>
  put(key: Buffer, value: Buffer): Promise<unknown>
  getBinary(key: Buffer): Buffer
  close(): Promise<void>
}

/** `durable`: each put waits until it is synced; by itself lmdb answers before. */
export function lmdb({ durable }: { readonly durable: boolean }): ValueStoreKind {
  return {
    needs: ['lmdb'],
    async open(dir): Promise<ValueStore> {
      const { open } = await peer<{ open(options: object): Database }>('lmdb')
      const database = open({ path: join(dir, 'values'), encoding: 'binary', keyEncoding: 'binary' })
      const put = async (value: Buffer): Promise<void> => {
        await database.put(sha256(value), value)
        if (durable) await database.flushed
      }
      return {
        put: async (values) => inFlight(values.length, (index) => put(values[index] ?? Buffer.alloc(0))),
        reader: (digests) => (index) => database.getBinary(digests[index] ?? Buffer.alloc(0)),
        verifies: false,
        close: async () => database.close(),
      }
    },
  }
}
