import { expect, it, vi } from 'vitest'
import type { Cluster } from '../src/index.ts'
import { describeOn, shared } from '../src/shared/shared.ts'

async function add({ proxy }: Pick<Cluster, 'proxy'>, text: string): Promise<string> {
  const form = new FormData()
  form.append('file', new Blob([text]))
  const response = await fetch(`${proxy}/api/v0/add?cid-version=1&pin=false`, { method: 'POST', body: form })
  return ((await response.json()) as { Hash: string }).Hash
}

describeOn(['kubo', 'cluster'], 'startCluster', () => {
  it('pins what its pinning service is asked to, in its Kubo', async () => {
    const cluster = await shared('cluster')
    const cid = await add(cluster, 'to be pinned')
    const headers = { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/json' }
    const asked = await fetch(`${cluster.pinning}/pins`, { method: 'POST', headers, body: JSON.stringify({ cid }) })
    expect(asked.ok).toBe(true) // 200, where the specification says 202
    const { requestid } = (await asked.json()) as { requestid: string }
    await vi.waitFor(async () => {
      const answer = await fetch(`${cluster.pinning}/pins/${requestid}`, { headers })
      expect(await answer.json()).toMatchObject({ status: 'pinned', pin: { cid } })
    }, 20_000)
    const pinned = await fetch(`${cluster.kubo.api}/api/v0/pin/ls?arg=${cid}`, { method: 'POST' })
    expect(await pinned.json()).toMatchObject({ Keys: { [cid]: { Type: 'recursive' } } })
  })

  it('takes no other token', async () => {
    const { pinning } = await shared('cluster')
    expect((await fetch(`${pinning}/pins`)).status).toBe(401)
    expect((await fetch(`${pinning}/pins`, { headers: { authorization: 'Bearer other' } })).status).toBe(401)
  })
})
