import { importCacache, needsCacache } from '../peers/cacache.ts'
import { inFlight, sha256, type ValueStore, type ValueStoreKind } from './value-store.ts'

const hex = (digest: Buffer): string => digest.toString('hex')

/** With SHA-256, by key or by digest; both verified. */
export function cacache({ by }: { readonly by: 'key' | 'digest' }): ValueStoreKind {
  return {
    needs: needsCacache,
    share: 0.1,
    async open(dir): Promise<ValueStore> {
      const { put, get } = await importCacache()
      const putOne = (value: Buffer): Promise<unknown> =>
        put(dir, hex(sha256(value)), value, { algorithms: ['sha256'] })
      return {
        put: async (values) => inFlight(values.length, (index) => putOne(values[index] ?? Buffer.alloc(0))),
        reader(digests) {
          if (by === 'key') {
            const keys = digests.map(hex)
            return async (index) => (await get(dir, keys[index] ?? '')).data
          }
          const integrities = digests.map((digest) => `sha256-${digest.toString('base64')}`)
          return (index) => get.byDigest(dir, integrities[index] ?? '')
        },
        verifies: true,
        close: async () => {},
      }
    },
  }
}
