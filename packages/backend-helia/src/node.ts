import type { Helia } from '@helia/interface'
import type { HeliaWithLibp2p } from '@helia/libp2p'
import type { ServiceMap } from '@libp2p/interface'
import type { Libp2pOptions } from 'libp2p'
import { delegatedRouter } from './delegated-router.ts'
import { DEFAULTS, SERVICE_TAG, type HeliaOptions } from './options.ts'
import { openStores } from './stores.ts'

type Service = NonNullable<Libp2pOptions['services']>[string]

/** A running node. */
export interface Node {
  readonly helia: HeliaWithLibp2p<ServiceMap>
  stop(): Promise<void>
}

/**
 * Milliseconds for a message to come in or go out. Helia's 10 s cut off every transfer over a slow line for good: the other side takes the blocks for sent.
 */
const MESSAGE_TIMEOUT = 600_000

/**
 * Bytes of a stream that may lie unread. Blocks come as fast as the window lets them, before anybody listens: beyond 4 MiB, yamux's own bound, that ends the stream, and
 * the other side takes the blocks for sent.
 */
const STREAMS = { maxStreamWindowSize: 8 * 1024 * 1024, maxReadBufferLength: 32 * 1024 * 1024 }

/** The packages of libp2p and Helia are loaded here, when the first node starts: that takes a second and 100 MB. */
export async function startNode(options: HeliaOptions): Promise<Node> {
  if (options.helia !== undefined) return startGiven(options.helia)
  const [{ createHeliaLight }, { withLibp2pLight }, { withBitswap }, libp2p] = await Promise.all([
    import('helia'),
    import('@helia/libp2p'),
    import('@helia/bitswap'),
    libp2pOptions(options),
  ])
  const stores = await openStores(options.near, options.dir)
  try {
    const { blockstore, datastore } = stores
    const routers = (options.delegatedRouters ?? []).map(delegatedRouter)
    const light = createHeliaLight({ blockstore, datastore, routers })
    const timeouts = { messageReceiveTimeout: MESSAGE_TIMEOUT, messageSendTimeout: MESSAGE_TIMEOUT }
    const helia = withBitswap(withLibp2pLight(light, libp2p), timeouts)
    await helia.start().catch(async (error: unknown) => {
      await helia.stop().catch(() => {})
      throw error
    })
    if (options.mdns !== undefined && options.mdns !== false) callDiscovered(helia)
    return {
      helia,
      stop: async () => {
        try {
          await helia.stop()
        } finally {
          await stores.close()
        }
      },
    }
  } catch (error) {
    await stores.close()
    throw error
  }
}

async function startGiven(helia: Helia): Promise<Node> {
  if (helia.status === 'stopped') await helia.start()
  return { helia: helia as HeliaWithLibp2p<ServiceMap>, stop: async () => {} }
}

/** Loopback, and nobody is called, announced to or looked for, but for what the options ask for. */
async function libp2pOptions({
  listen = DEFAULTS.listen,
  mdns,
  dht,
  libp2p = {},
}: HeliaOptions): Promise<Libp2pOptions> {
  const [{ tcp }, { noise }, { yamux }, { identify }, { ping }] = await Promise.all([
    import('@libp2p/tcp'),
    import('@libp2p/noise'),
    import('@libp2p/yamux'),
    import('@libp2p/identify'),
    import('@libp2p/ping'),
  ])
  const discovery = mdns === undefined || mdns === false ? [] : [await discoveryOf(mdns)]
  const services = {
    identify: identify(),
    ping: ping(),
    ...(dht !== undefined && dht !== false && { dht: await dhtOf(dht) }),
  }
  return {
    addresses: { listen: [...listen] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ streamOptions: STREAMS })],
    ...libp2p,
    peerDiscovery: [...discovery, ...(libp2p.peerDiscovery ?? [])],
    services: { ...services, ...libp2p.services },
  }
}

async function discoveryOf(
  asked: Exclude<HeliaOptions['mdns'], undefined | false>,
): Promise<NonNullable<Libp2pOptions['peerDiscovery']>[number]> {
  const { mdns } = await import('@libp2p/mdns')
  const { serviceTag, port } = asked === true ? { serviceTag: SERVICE_TAG, port: undefined } : asked
  return mdns({ serviceTag, ...(port !== undefined && { port }) })
}

async function dhtOf(asked: Exclude<HeliaOptions['dht'], undefined | false>): Promise<Service> {
  const { kadDHT, passthroughMapper, removePrivateAddressesMapper } = await import('@libp2p/kad-dht')
  const dht =
    asked === true
      ? kadDHT({ protocol: '/ipfs/kad/1.0.0', clientMode: true, peerInfoMapper: removePrivateAddressesMapper })
      : kadDHT({
          protocol: asked.protocol,
          clientMode: false,
          peerInfoMapper: passthroughMapper,
          initialQuerySelfInterval: 100,
        })
  // It needs `ping`, which is among the services: their types do not know of one another.
  return dht as unknown as Service
}

/** libp2p tells of those whom mDNS finds, and leaves calling them to us. */
function callDiscovered({ libp2p }: HeliaWithLibp2p<ServiceMap>): void {
  libp2p.addEventListener('peer:discovery', ({ detail: { id } }) => {
    // Who does not answer the call is as good as not found.
    libp2p.dial(id).catch(() => {})
  })
}
