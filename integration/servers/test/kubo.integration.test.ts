import { existsSync } from 'node:fs'
import { openHttpProxy, openTcpProxy } from '@stowage/backend-testkit/proxy'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startKubo, type Kubo } from '../src/index.ts'
import { describeOn } from '../src/shared/shared.ts'

describeOn('kubo', 'startKubo', () => {
  let [first, second] = [] as unknown as [Kubo, Kubo]
  beforeAll(async () => {
    ;[first, second] = await Promise.all([
      startKubo({ swarm: true }),
      startKubo({ config: { 'Gateway.NoFetch': false } }),
    ])
  })
  afterAll(() => Promise.all([first.stop(), second.stop()]))

  const call = async (kubo: Kubo, path: string, body?: FormData): Promise<Response> =>
    fetch(`${kubo.api}/api/v0/${path}`, { method: 'POST', ...(body && { body }) })

  const add = async (kubo: Kubo, text: string): Promise<string> => {
    const form = new FormData()
    form.append('file', new Blob([text]))
    const answer = (await (await call(kubo, 'add?cid-version=1', form)).json()) as { Hash: string }
    return answer.Hash
  }

  it('serves what was added, as files and as blocks', async () => {
    const cid = await add(first, 'served')
    expect(await (await fetch(`${first.gateway}/ipfs/${cid}`)).text()).toBe('served')
    const block = await fetch(`${first.gateway}/ipfs/${cid}?format=raw`)
    expect(block.headers.get('content-type')).toBe('application/vnd.ipld.raw')
    expect(await block.text()).toBe('served')
  })

  it('says at once that it does not have something', async () => {
    const cid = await add(second, 'only in the second')
    expect((await fetch(`${first.gateway}/ipfs/${cid}?format=raw`)).status).toBe(404)
  })

  it('knows nobody, and gets blocks from whom it is connected to', async () => {
    expect(await (await call(second, 'swarm/peers')).json()).toEqual({ Peers: null })
    expect(second.addresses).toEqual([])
    const cid = await add(first, 'only in the first')
    expect((await call(second, `swarm/connect?arg=${first.addresses[0]}`)).status).toBe(200)
    expect(await (await fetch(`${second.gateway}/ipfs/${cid}`)).text()).toBe('only in the first')
  })

  it('speaks libp2p through a fault proxy, and RPC through another', async () => {
    const [, , host, , port] = (first.addresses[0] as string).split('/')
    const swarm = await openTcpProxy({ target: { host: String(host), port: Number(port) } })
    const rpc = await openHttpProxy({ target: first.api })
    const third = await startKubo({ config: { 'Gateway.NoFetch': false } })
    const text = 'x'.repeat(100_000)
    const cid = await add({ ...first, api: rpc.url }, text)
    expect(rpc.counts().sent).toBeGreaterThan(text.length)
    await call(third, `swarm/connect?arg=/ip4/${swarm.host}/tcp/${swarm.port}/p2p/${first.peerId}`)
    expect(await (await fetch(`${third.gateway}/ipfs/${cid}`)).text()).toBe(text)
    expect(swarm.counts()).toMatchObject({ connections: 1, open: 1 })
    expect(swarm.counts().received).toBeGreaterThan(text.length)
    await swarm.down()
    await expect
      .poll(async () => (await call(third, 'swarm/peers')).json(), { timeout: 20_000 })
      .toEqual({ Peers: null })
    await Promise.all([third.stop(), swarm.close(), rpc.close()])
  })

  it('is gone when it is stopped', async () => {
    const kubo = await startKubo()
    await kubo.stop()
    expect(existsSync(kubo.folder)).toBe(false)
    await expect(fetch(kubo.gateway)).rejects.toThrow('fetch failed')
  })
})
