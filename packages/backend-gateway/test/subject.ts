import { bytesOf, type Subject } from '@stowage/backend-testkit'
import type { Backend } from '@stowage/core/spi'
import { gatewayOf, serve, store, type Store } from './fake-gateway.ts'

/** A backend over a gateway of our own, for the conformance kit. */
export function subject(open: (url: string) => Backend): Subject {
  const stores = new WeakMap<Backend, Store>()
  return {
    open: async () => {
      const held = store()
      const { url } = await serve(gatewayOf(held))
      const backend = open(url)
      stores.set(backend, held)
      return backend
    },
    seed: async (backend, blob) => stores.get(backend)?.add({ ...blob, bytes: await bytesOf(blob.open()) }),
  }
}
