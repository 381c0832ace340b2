import { backendCases, blobOf, collect, fails, LEAF, plan } from '@stowage/backend-testkit'
import { buildDirectory, formatCid, parseOutboard, type BlobSource } from '@stowage/core/spi'
import { startCluster, startKubo, unavailable, type Cluster, type Kubo } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import { afterAll, describe, expect, it } from 'vitest'
import { pinning } from '../src/index.ts'
import { gatewayAt, takerAt } from './blocks.ts'

const servers = ['kubo', 'cluster'] as const
const absent = servers.some((name) => unavailable(name) !== undefined)

let started: Promise<[Cluster, Kubo]> | undefined
const both = (): Promise<[Cluster, Kubo]> => (started ??= start())

async function start(): Promise<[Cluster, Kubo]> {
  const servers = await Promise.all([startCluster(), startKubo({ swarm: true })])
  // Kubo does not get the empty block from other nodes: whoever is to pin it has it already.
  await takerAt(servers[0].kubo.api).put?.(await blobOf(0))
  return servers
}

afterAll(async () => {
  for (const { stop } of (await started) ?? []) await stop()
})

async function open(options: { readonly patience?: number } = {}): Promise<ReturnType<typeof pinning>> {
  // The cases are planned, and then skipped, where there is no cluster.
  if (absent) return pinning({ endpoint: 'http://127.0.0.1:9097', token: 'none' })
  const [cluster, taker] = await both()
  return pinning({
    endpoint: cluster.pinning,
    token: cluster.token,
    via: takerAt(taker.api),
    origins: taker.addresses,
    gateway: gatewayAt(cluster.kubo.gateway),
    ...options,
  })
}

async function clear(): Promise<void> {
  if (absent) return
  const [cluster] = await both()
  const call = async (path: string, method = 'GET'): Promise<Response> =>
    fetch(cluster.pinning + path, { method, headers: { authorization: `Bearer ${cluster.token}` } })
  const { results } = (await (await call('/pins?limit=1000')).json()) as { results: { requestid: string }[] }
  for (const { requestid } of results) await call(`/pins/${requestid}`, 'DELETE')
}

describeOn(servers, 'the pinning service of an IPFS Cluster', () => {
  describe('keeps the promises of a backend', async () => {
    const { run, skipped } = await plan(backendCases, {
      open: async () => {
        await clear()
        return open()
      },
      reopen: async () => open(),
    })
    for (const { name, run: check } of run) it(name, check)
    for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
  })

  it('gets a directory with what it holds', async () => {
    const backend = await open()
    const [cluster] = await both()
    const blob = await blobOf(LEAF + 3, { seed: 9 })
    await backend.put(blob)
    const { dagSize } = parseOutboard(blob.outboard, blob.cid, blob.size)
    const directory = buildDirectory([{ name: 'weights', cid: blob.cid, size: blob.size, dagSize }])
    await backend.putDirectory(directory)
    expect(await backend.stat(directory.cid)).toMatchObject({ isDirectory: true, size: directory.size })
    const path = `${cluster.kubo.gateway}/ipfs/${formatCid(directory.cid)}/weights`
    expect((await (await fetch(path)).arrayBuffer()).byteLength).toBe(blob.size)
  })

  it('does not say that it has what it could not find, and goes on looking', async () => {
    await clear()
    const [cluster] = await both()
    const given = { endpoint: cluster.pinning, token: cluster.token, patience: 300 }
    const blob: BlobSource = await blobOf(LEAF + 1, { seed: 77 })
    await fails(pinning(given).put(blob), 'timeout')
    expect(await pinning(given).stat(blob.cid)).toBeUndefined()
    expect(await collect(pinning(given).list())).toEqual([])
    // Somebody has it by now, and the pin that was asked for comes to its end.
    const [, taker] = await both()
    await takerAt(taker.api).put?.(blob)
    await fetch(`${cluster.kubo.api}/api/v0/swarm/connect?arg=${taker.addresses[0]}`, { method: 'POST' })
    await pinning({ ...given, patience: 60_000 }).put(blob)
    expect(await pinning(given).stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
  })

  it('takes a pin back when its put is aborted', async () => {
    await clear()
    const [cluster] = await both()
    const backend = pinning({ endpoint: cluster.pinning, token: cluster.token })
    const blob = await blobOf(LEAF + 1, { seed: 78 })
    const abort = new AbortController()
    const reason = new Error('enough')
    const put = backend.put(blob, { signal: abort.signal })
    const rejected = expect(put).rejects.toBe(reason)
    const pins = async (): Promise<number> => {
      const headers = { authorization: `Bearer ${cluster.token}` }
      const { count } = (await (await fetch(`${cluster.pinning}/pins`, { headers })).json()) as { count: number }
      return count
    }
    await expect.poll(pins).toBe(1)
    abort.abort(reason)
    await rejected
    expect(await pins()).toBe(0)
  })

  it('refuses who has no token', async () => {
    const [cluster] = await both()
    const stranger = pinning({ endpoint: cluster.pinning, token: 'made-up' })
    const { cid } = await blobOf(11)
    await fails(stranger.stat(cid), 'unauthenticated')
    await expect(stranger.stat(cid)).rejects.not.toThrow('made-up')
    expect(await stranger.health()).toMatchObject({ reachable: false })
  })

  it('gives no bytes without a gateway, and says so', async () => {
    const [cluster, taker] = await both()
    const blob = await blobOf(100, { seed: 4 })
    await (await open()).put(blob)
    const bare = pinning({ endpoint: cluster.pinning, token: cluster.token, origins: taker.addresses })
    expect(await bare.stat(blob.cid)).toEqual({ cid: blob.cid, size: 100 })
    await fails(bare.read(blob.cid), 'unsupported')
  })
})
