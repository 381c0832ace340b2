import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { programOf } from './catalog.ts'
import { command } from './command.ts'
import { configure } from './config.ts'
import type { ServerOptions } from './ports.ts'
import { answerOf } from './probe.ts'
import { start } from './process.ts'
import { temporaryFolder } from './will.ts'

export interface KuboOptions extends ServerOptions {
  /** Listen for other nodes. Default: it can call others, and nobody can call it. */
  readonly swarm?: boolean | undefined
  /** Kubo's own configuration by its dotted keys, as in `ipfs config`: `{ 'Gateway.NoFetch': false }`. */
  readonly config?: Readonly<Record<string, unknown>> | undefined
  /** The header that `API.Authorizations` of that configuration asks for. */
  readonly authorization?: string | undefined
}

/** A Kubo node that knows no other. */
export interface Kubo {
  /** `http://127.0.0.1:port`, for `/api/v0`. */
  readonly api: string
  /** `http://127.0.0.1:port`, for `/ipfs`: trustless answers and whole files. */
  readonly gateway: string
  readonly peerId: string
  /** Where others may connect to it, with its peer id; none without `swarm`. */
  readonly addresses: readonly string[]
  /** Its repository. */
  readonly folder: string
  stop(): Promise<void>
}

/**
 * What keeps it to itself besides the profile `test`, which has no bootstrap, mDNS, AutoConf or AutoTLS, and listens on
 * loopback. The gateway answers 404 at once for what the node does not have.
 */
const quiet = {
  'Routing.Type': 'none',
  'Provide.Enabled': false,
  'HTTPRetrieval.Enabled': false,
  'Gateway.NoFetch': true,
  'Gateway.NoDNSLink': true,
  'Swarm.RelayClient.Enabled': false,
  'Swarm.RelayService.Enabled': false,
  'Version.SwarmCheckEnabled': false,
  'AutoNAT.ServiceMode': 'disabled',
  'Plugins.Plugins.telemetry.Config.Mode': 'off',
}

export async function startKubo(options: KuboOptions = {}): Promise<Kubo> {
  const { host = '127.0.0.1', swarm = false, config = {}, authorization } = options
  const folder = temporaryFolder('kubo')
  const repository = join(folder.path, 'repo')
  const env = { IPFS_PATH: repository, HOME: folder.path, IPFS_TELEMETRY: 'off' }
  try {
    await command(programOf('kubo'), ['init', '--profile=test'], env)
    const anyPort = `/ip4/${host}/tcp/0`
    const listen = { 'Addresses.API': anyPort, 'Addresses.Gateway': anyPort, 'Addresses.Swarm': swarm ? [anyPort] : [] }
    await configure(join(repository, 'config'), { ...quiet, ...listen, ...config })
  } catch (error) {
    await folder.remove()
    throw error
  }
  const running = start({
    name: 'kubo',
    program: programOf('kubo'),
    args: ['daemon'],
    env,
    log: join(folder.path, 'log'),
  })
  const stop = async (): Promise<void> => {
    await running.stop()
    await folder.remove()
  }
  try {
    const api = urlOf(await running.until('its API listened', () => readIfThere(join(repository, 'api'))))
    const gateway = await running.until('its gateway listened', () => readIfThere(join(repository, 'gateway')))
    const id = await running.until('it knew itself', async () => {
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await answerOf(`${api}/api/v0/id`, { method: 'POST', headers })
      return answer.ok ? ((await answer.json()) as { ID: string; Addresses: string[] | null }) : undefined
    })
    const addresses = (id.Addresses ?? []).filter((address) => address.startsWith('/ip4/'))
    return { api, gateway, peerId: id.ID, addresses, folder: repository, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Kubo writes where it listens into files of its repository. */
async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined
  } catch {
    return undefined
  }
}

/** `/ip4/127.0.0.1/tcp/5001` → `http://127.0.0.1:5001` */
function urlOf(multiaddr: string): string {
  const [, , host, , port] = multiaddr.split('/')
  return `http://${host}:${port}`
}
