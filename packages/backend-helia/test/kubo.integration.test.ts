import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { blobOf, bytesOf, LEAF, type Fixture } from '@stowage/backend-testkit'
import { layouts } from '@stowage/core/spi'
import { startKubo, type Kubo } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import { expect, it, onTestFinished } from 'vitest'
import { opened, served } from './nodes.ts'

async function kubo(): Promise<Kubo> {
  const running = await startKubo({ swarm: true })
  onTestFinished(() => running.stop())
  return running
}

function rpc({ api }: Kubo, command: string, body?: FormData): Promise<Response> {
  return fetch(`${api}/api/v0/${command}`, { method: 'POST', ...(body && { body }) })
}

async function add(server: Kubo, { bytes }: Fixture, options: string): Promise<string> {
  const form = new FormData()
  form.set('file', new Blob([bytes as Uint8Array<ArrayBuffer>]))
  const response = await rpc(server, `add?${options}`, form)
  return ((await response.json()) as { Hash: string }).Hash
}

/** What a default `ipfs add` makes, and what the profile of IPIP-0499 makes of the same bytes. */
const layoutsOfKubo = [
  ['unixfs-v0-2015', 'cid-version=0&raw-leaves=false&chunker=size-262144&max-file-links=174'],
  ['unixfs-v1-2025', 'cid-version=1&raw-leaves=true&chunker=size-1048576&max-file-links=1024'],
] as const

describeOn('kubo', 'a node beside Kubo', () => {
  it('is fetched from, out of the plain file, with nothing stored twice', async () => {
    const server = await kubo()
    const { near, node, dir } = await served({ peers: server.addresses })
    for (const [name] of layoutsOfKubo) {
      const blob = await blobOf(20 * LEAF + 7, { seed: 11, layout: layouts[name] })
      await near.put(blob)
      expect(await node.peers()).toHaveLength(1)
      const response = await rpc(server, `cat?arg=${blob.cid}`)
      expect(Buffer.compare(new Uint8Array(await response.arrayBuffer()), blob.bytes)).toBe(0)
    }
    expect(await readdir(join(dir, 'helia', 'blocks'))).toEqual([])
  })

  it.each(layoutsOfKubo)('fetches what Kubo has (%s)', async (name, options) => {
    const server = await kubo()
    const node = opened({ peers: server.addresses })
    const blob = await blobOf(30 * LEAF + 7, { seed: 12, layout: layouts[name] })
    expect(await add(server, blob, options)).toBe(blob.cid.toString())
    expect(await node.stat(blob.cid)).toEqual({ cid: blob.cid, size: blob.size })
    expect(Buffer.compare(await bytesOf((await node.read(blob.cid)).body), blob.bytes)).toBe(0)
    const range = await bytesOf((await node.read(blob.cid, { offset: 9 * LEAF - 1, length: 2 })).body)
    expect(Buffer.compare(range, blob.bytes.subarray(9 * LEAF - 1, 9 * LEAF + 1))).toBe(0)
  })

  it('hears of what Kubo does not have, and finds it once Kubo does', async () => {
    const server = await kubo()
    const node = opened({ peers: server.addresses })
    const blob = await blobOf(2 * LEAF, { seed: 13 })
    for (let round = 0; round < 3; round++) expect(await node.stat(blob.cid)).toBeUndefined()
    await add(server, blob, layoutsOfKubo[1][1])
    expect(await node.stat(blob.cid)).toBeDefined()
    expect(Buffer.compare(await bytesOf((await node.read(blob.cid)).body), blob.bytes)).toBe(0)
  })

  it('goes on with Kubo when another node dies amid a transfer', async () => {
    const server = await kubo()
    const blob = await blobOf(40 * LEAF, { seed: 14 })
    await add(server, blob, layoutsOfKubo[1][1])
    const other = await served()
    await other.near.put(blob)
    const node = opened({ peers: [...server.addresses, ...(await other.node.addresses())] })
    let given = 0
    let closing: Promise<void> | undefined
    for await (const chunk of (await node.read(blob.cid)).body) {
      expect(Buffer.compare(chunk, blob.bytes.subarray(given, given + chunk.length))).toBe(0)
      given += chunk.length
      if (given > 5 * LEAF) closing ??= other.node.close()
    }
    expect(given).toBe(blob.size)
    await closing
  })
})
