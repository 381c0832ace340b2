import { join } from 'node:path'
import { programOf } from './catalog.ts'
import { command } from './command.ts'
import { configure } from './config.ts'
import { startKubo, type Kubo } from './kubo.ts'
import { freePort } from './ports.ts'
import { answerOf } from './probe.ts'
import { start } from './process.ts'
import { temporaryFolder } from './will.ts'

/** IPFS Cluster: one peer, before a Kubo of its own. */
export interface Cluster {
  /** `http://127.0.0.1:port`: a subset of Kubo's RPC, which pins in the cluster. */
  readonly proxy: string
  /** `http://127.0.0.1:port`: the IPFS Pinning Service API, from `/pins` on. */
  readonly pinning: string
  /** What the pinning service takes as `Authorization: Bearer …`. */
  readonly token: string
  /** `http://127.0.0.1:port`: the cluster's own REST API. */
  readonly rest: string
  readonly kubo: Omit<Kubo, 'stop'>
  stop(): Promise<void>
}

const CREDENTIALS = { user: 'owner', password: 'secret-of-the-owner' }

export async function startCluster(): Promise<Cluster> {
  const folder = temporaryFolder('cluster')
  const env = { IPFS_CLUSTER_PATH: join(folder.path, 'cluster'), HOME: folder.path }
  const [swarm, proxy, pinning, rest] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const ends: (() => Promise<void>)[] = [folder.remove]
  const stop = async (): Promise<void> => {
    for (const end of ends.toReversed()) await end()
  }
  try {
    const kubo = await startKubo({ swarm: true })
    ends.push(kubo.stop)
    await command(programOf('cluster'), ['init', '--consensus', 'crdt'], env)
    const node = multiaddrOf(Number(new URL(kubo.api).port))
    await configure(join(env.IPFS_CLUSTER_PATH, 'service.json'), {
      'cluster.listen_multiaddress': [multiaddrOf(swarm)],
      'cluster.mdns_interval': '0s',
      'cluster.enable_relay_hop': false,
      'ipfs_connector.ipfshttp.node_multiaddress': node,
      'api.ipfsproxy.node_multiaddress': node,
      'api.ipfsproxy.listen_multiaddress': multiaddrOf(proxy),
      'api.restapi.http_listen_multiaddress': multiaddrOf(rest),
      'api.pinsvcapi.http_listen_multiaddress': multiaddrOf(pinning),
      'api.pinsvcapi.basic_auth_credentials': { [CREDENTIALS.user]: CREDENTIALS.password },
    })
    const running = start({
      name: 'cluster',
      program: programOf('cluster'),
      args: ['daemon'],
      env,
      log: join(folder.path, 'log'),
    })
    ends.push(running.stop)
    await running.until('its REST API answered', async () => (await answerOf(`${urlOf(rest)}/id`)).ok || undefined)
    await running.until('its proxy answered', async () => {
      return (await answerOf(`${urlOf(proxy)}/api/v0/id`, { method: 'POST' })).ok || undefined
    })
    const token = await running.until('its pinning service gave a token', () => tokenOf(urlOf(pinning)))
    const { stop: _, ...address } = kubo
    return { proxy: urlOf(proxy), pinning: urlOf(pinning), token, rest: urlOf(rest), kubo: address, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function tokenOf(pinning: string): Promise<string | undefined> {
  const basic = Buffer.from(`${CREDENTIALS.user}:${CREDENTIALS.password}`).toString('base64')
  const answer = await answerOf(`${pinning}/token`, { method: 'POST', headers: { authorization: `Basic ${basic}` } })
  return answer.ok ? ((await answer.json()) as { token: string }).token : undefined
}

function multiaddrOf(port: number): string {
  return `/ip4/127.0.0.1/tcp/${port}`
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`
}
