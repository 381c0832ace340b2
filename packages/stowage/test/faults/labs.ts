import { gateway } from '@stowage/backend-gateway'
import { helia } from '@stowage/backend-helia'
import { kubo } from '@stowage/backend-kubo'
import { s3 } from '@stowage/backend-s3'
import { openHttpProxy, openTcpProxy, type Fault, type StreamFault } from '@stowage/backend-testkit/proxy'
import { memory, type Backend } from '@stowage/core'
import { createBucket, type ServerName } from '@stowage/test-servers'
import { shared } from '@stowage/test-servers/shared'
import type fc from 'fast-check'
import { httpSchedules, tcpSchedules } from './schedules.ts'

/** A server, and a way to it through faults. */
export interface Lab {
  /** A new backend whose requests pass the proxy. */
  through(): Backend
  /** What brings blobs to the server and sees what it has, without faults. */
  readonly direct: Backend
  /** Those of what is yet to come, out of the kind's schedules. */
  faults(schedule: Fault[][]): void
  close(): Promise<void>
}

export interface Kind {
  readonly name: string
  readonly servers: readonly ServerName[]
  readonly schedules: fc.Arbitrary<Fault[][]>
  open(): Promise<Lab>
}

/** A server that speaks HTTP. */
async function overHttp(target: string, direct: Backend, through: (url: string) => Backend): Promise<Lab> {
  const proxy = await openHttpProxy({ target })
  return {
    direct,
    through: () => through(proxy.url),
    faults: (schedule) => proxy.schedule(schedule),
    close: async () => void (await Promise.all([proxy.close(), direct.close()])),
  }
}

const http = (kind: Omit<Kind, 'schedules'>): Kind => ({ ...kind, schedules: httpSchedules })

export const kinds: readonly Kind[] = [
  http({
    name: 's3',
    servers: ['versitygw'],
    open: async () => {
      const server = await shared('versitygw')
      const { endpoint, region, credentials } = server
      const options = { bucket: await createBucket(server), region, credentials }
      return overHttp(endpoint, s3({ ...options, endpoint }), (url) => s3({ ...options, endpoint: url }))
    },
  }),
  http({
    name: 'kubo',
    servers: ['kubo'],
    open: async () => {
      const { api } = await shared('kubo')
      return overHttp(api, kubo({ url: api }), (url) => kubo({ url, timeout: 3000, storeTimeout: 5000 }))
    },
  }),
  http({
    name: 'gateway',
    servers: ['kubo'],
    open: async () => {
      const { api, gateway: target } = await shared('kubo')
      return overHttp(target, kubo({ url: api }), (url) => gateway({ gateways: [url], idleTimeout: 3000 }))
    },
  }),
  {
    name: 'helia',
    servers: [],
    schedules: tcpSchedules,
    open: async () => {
      // What is put into it is served by its node.
      const near = memory()
      const server = helia({ near })
      const [address = ''] = await server.addresses()
      const [, host = '', port = '', peer = ''] = /\/ip4\/([\d.]+)\/tcp\/(\d+)\/p2p\/(\w+)/.exec(address) ?? []
      const proxy = await openTcpProxy({ target: { host, port: Number(port) } })
      const peers = [`/ip4/127.0.0.1/tcp/${proxy.port}/p2p/${peer}`]
      return {
        direct: near,
        through: () => helia({ near: memory(), listen: [], peers, patience: 1000, stall: 1500 }),
        faults: (schedule) => proxy.schedule(schedule as StreamFault[][]),
        close: async () => {
          await proxy.close()
          await server.close()
        },
      }
    },
  },
]
