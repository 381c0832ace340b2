import { open } from 'node:fs/promises'
import { peer } from '../peer.ts'
import type { Bench } from '../suite.ts'

interface Node {
  start(): Promise<Node>
  stop(): Promise<void>
}

interface VerifiedFetch {
  (resource: string): Promise<Response>
  stop(): Promise<void>
}

export const needsVerifiedFetch: readonly string[] = ['@helia/verified-fetch', '@helia/http', 'helia']

/** Downloads into a file by helia's gateway client; starting the node is not measured. */
export async function verifiedFetch(
  gateways: readonly string[],
  resource: string,
  path: string,
  measure: Bench['measure'],
): Promise<void> {
  const { createHeliaLight } = await peer<{ createHeliaLight(init: unknown): Node }>('helia')
  const { withHTTP } = await peer<{ withHTTP(node: Node, init: unknown): Node }>('@helia/http')
  const { createVerifiedFetchWithHelia } = await peer<{
    createVerifiedFetchWithHelia(node: Node): Promise<VerifiedFetch>
  }>('@helia/verified-fetch')
  // Without a router of its own, a node that has gateways alone waits for providers for ever.
  const nobody = { name: 'nobody', async *findProviders() {} }
  const light = createHeliaLight({ routers: [nobody] })
  const node = await withHTTP(light, {
    delegatedRouters: [],
    recursiveGateways: gateways,
    allowLocal: true,
    allowInsecure: true,
  }).start()
  const get = await createVerifiedFetchWithHelia(node)
  const file = await open(path, 'w')
  try {
    await measure(async () => {
      const { body, status } = await get(resource)
      if (status !== 200) throw new Error(`@helia/verified-fetch answered ${status}.`)
      for await (const chunk of body ?? []) await file.write(chunk)
    })
  } finally {
    await file.close()
    await get.stop()
    await node.stop()
  }
}
