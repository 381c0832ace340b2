import { once } from 'node:events'
import { local } from '@stowage/backend-local'
import { decideGate, StorageWrapper } from '@stowage/core'
import { httpBackend } from './http-source.ts'

// A process of its own: fetches a blob, as many callers at once as it is told, and says what became of it.
const [dir, url, cid, callers] = process.argv.slice(2) as [string, string, string, string]
const storage = new StorageWrapper({
  near: local({ dir }),
  tiers: [httpBackend(url)],
  gate: decideGate({ distributed: true }),
})

function say(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

let told = false
const onProgress = ({ type }: { readonly type: string }): void => {
  if (type !== 'source' || told) return
  told = true
  say('fetching')
}

await storage.has(cid, { near: true })
say('ready')
await once(process.stdin, 'data')
const got = await Promise.all(
  Array.from({ length: Number(callers) }, async (_, caller) => {
    if (caller % 2 === 1) return (await storage.get(cid).path({ onProgress })).length > 0
    let bytes = 0
    for await (const chunk of storage.get(cid, { onProgress })) bytes += chunk.length
    return bytes
  }),
)
say({ got })
await storage.close()
process.exit(0)
