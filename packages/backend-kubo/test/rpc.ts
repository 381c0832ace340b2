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

/** Takes every pin off, and collects everything. */
export async function clear(api: string): Promise<void> {
  for (const { Cid } of await call(api, 'pin/ls?type=recursive&stream=true'))
    await call(api, `pin/rm?arg=${String(Cid)}`)
  const deadline = Date.now() + 10_000
  for (;;) {
    await call(api, 'repo/gc')
    // A cluster takes pins off the node behind it a little later; the empty directory of the node's own file tree stays.
    const { length } = await call(api, 'refs/local')
    if (length <= 1) return
    if (Date.now() > deadline) throw new Error(`${length} blocks stay.`)
    await delay(50)
  }
}
