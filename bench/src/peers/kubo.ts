import { openAsBlob } from 'node:fs'
import { slowPort, type Pace } from '../far/slow-port.ts'
import { testServers, type Kubo } from '../servers.ts'
import type { Bench } from '../suite.ts'

/** Kubo's options that give the CIDs of the profile unixfs-v1-2025. */
const PROFILE = 'cid-version=1&raw-leaves=true&chunker=size-1048576&max-file-links=1024'

/** One Kubo gets a file from others by bitswap, which answer at these paces; starting and filling them is not measured. */
export async function kuboFromKubos(
  file: string,
  cid: string,
  paces: readonly Pace[],
  measure: Bench['measure'],
): Promise<void> {
  const { startKubo } = await testServers()
  const nodes: Kubo[] = []
  const ports: { stop(): void }[] = []
  const start = async (): Promise<Kubo> => {
    const node = await startKubo({ swarm: true })
    nodes.push(node)
    return node
  }
  try {
    const getter = await start()
    for (const pace of paces) {
      const seed = await start()
      await fill(seed, file, cid)
      const slow = await slowPort(portOf(seed), pace)
      ports.push(slow)
      await call(getter, `swarm/connect?arg=/ip4/127.0.0.1/tcp/${slow.port}/p2p/${seed.peerId}`)
    }
    await measure(() => call(getter, `pin/add?arg=${cid}`))
  } finally {
    for (const port of ports) port.stop()
    await Promise.all(nodes.map((node) => node.stop()))
  }
}

async function fill(node: Kubo, file: string, cid: string): Promise<void> {
  const form = new FormData()
  form.append('file', await openAsBlob(file), 'blob')
  const added = JSON.parse(await call(node, `add?quieter=true&pin=true&${PROFILE}`, form)) as { readonly Hash: string }
  if (added.Hash !== cid) throw new Error(`Kubo calls the blob ${added.Hash}, not ${cid}.`)
}

async function call({ api }: Kubo, path: string, body?: FormData): Promise<string> {
  const response = await fetch(`${api}/api/v0/${path}`, { method: 'POST', ...(body && { body }) })
  const text = await response.text()
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`)
  return text.trim().split('\n').at(-1) ?? ''
}

function portOf({ addresses: [first = ''] }: Kubo): number {
  return Number(/\/tcp\/(\d+)/.exec(first)?.[1])
}
