import { registerHooks } from 'node:module'

// Says what is loaded, when, and ends by itself once the node is closed.
const loaded: string[] = []
registerHooks({
  load: (url, context, next) => {
    loaded.push(url)
    return next(url, context)
  },
})
const heavy = (): boolean =>
  loaded.some((url) => /\/node_modules\/(@?helia|@?libp2p|@multiformats\/multiaddr)\//.test(url))

const { helia } = await import('@stowage/backend-helia')
const node = helia()
const before = heavy()
const [address] = await node.addresses()
console.log(JSON.stringify({ before, after: heavy(), address }))
await node.close()
