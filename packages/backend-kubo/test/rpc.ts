import { setTimeout as delay } from 'node:timers/promises'

type Reply = Readonly<Record<string, unknown>>

/** Calls a daemon as others would. Gives the objects that it answers with. */
export async function call(api: string, command: string, file?: Uint8Array): Promise<Reply[]> {
  const response = await raw(api, command, file)
  const text = await response.text()
  if (!response.ok) throw new Error(`${command}: ${response.status} ${text}`)
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line) as Reply]))
}

export async function bytesFrom(api: string, command: string): Promise<Uint8Array> {
  const response = await raw(api, command)
  if (!response.ok) throw new Error(`${command}: ${response.status} ${await response.text()}`)
  return new Uint8Array(await response.arrayBuffer())
}

async function raw(api: string, command: string, file?: Uint8Array): Promise<Response> {
  const form = new FormData()
  if (file !== undefined) form.append('file', new Blob([new Uint8Array(file)]), 'file')
  return fetch(`${api}/api/v0/${command}`, { method: 'POST', ...(file && { body: form }) })
}

/** Takes every pin off, and collects everything. `node` is the daemon behind a cluster's proxy, which knows its own pins alone. */
export async function clear(api: string, node: string = api): Promise<void> {
  const deadline = Date.now() + 10_000
  for (;;) {
    await unpinAll(api)
    if (node !== api) await unpinAll(node)
    await call(node, 'repo/gc')
    // A cluster pins and takes pins off a little later; the empty directory of the node's own file tree stays.
    const { length } = await call(node, 'refs/local')
    if (length <= 1) return
    if (Date.now() > deadline) throw new Error(`${length} blocks stay.`)
    await delay(50)
  }
}

async function unpinAll(api: string): Promise<void> {
  for (const { Cid } of await call(api, 'pin/ls?type=recursive&stream=true')) {
    await call(api, `pin/rm?arg=${String(Cid)}`).catch((error: unknown) => {
      // The cluster was quicker.
      if (!String(error).includes('not pinned')) throw error
    })
  }
}
