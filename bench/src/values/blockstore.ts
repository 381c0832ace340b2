import { join } from 'node:path'
import { rawCid } from '@stowage/core'
import { openBlockstore, type BlockstoreName } from '../peers/blockstore.ts'
import { bytesOf, inFlight, sha256, type ValueStore, type ValueStoreKind } from './value-store.ts'

export function blockstore(name: BlockstoreName): ValueStoreKind {
  return {
    needs: [name],
    async open(dir): Promise<ValueStore> {
      const blocks = await openBlockstore(name, join(dir, 'blocks'))
      const put = (value: Buffer): Promise<unknown> => blocks.put(rawCid(sha256(value)), value)
      return {
        put: async (values) => inFlight(values.length, async (index) => put(values[index] ?? Buffer.alloc(0))),
        reader(digests) {
          const cids = digests.map((digest) => rawCid(digest))
          return (index) => {
            const cid = cids[index]
            if (cid === undefined) throw new RangeError(`there is no value ${index}`)
            return bytesOf(blocks.get(cid))
          }
        },
        verifies: false,
        close: async () => blocks.close(),
      }
    },
  }
}
