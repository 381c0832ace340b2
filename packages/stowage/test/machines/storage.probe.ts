// A storage on a machine of its own, in the folder of the first argument, with the configuration of the second. Puts as many bytes as
// it is told, by `put`, and says the CID and the tiers; or gets what it is told, by `get`, and says what came of it, and on the way each
// time that more of it is there. With `probe` it says which backends it reaches. The third argument: bytes a second that it gets from each server.
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { openHttpProxy } from '@stowage/backend-testkit/proxy'
import { createStorage } from '../../src/index.ts'
import { pattern } from '../storage/pattern.ts'

interface Order {
  readonly put?: number
  readonly get?: string
  readonly probe?: true
}

const [dir, backends, limit] = process.argv.slice(2) as [string, string, string | undefined]
const say = (value: unknown): void => console.log(JSON.stringify(value))
const storage = await createStorage({ dir, distributed: true, config: { backends: await limited(backends) } })
say('open')

for await (const line of createInterface({ input: process.stdin })) {
  const { put, get, probe } = JSON.parse(line) as Order
  try {
    if (probe) say((await storage.status()).backends.map(({ name, reachable }) => ({ name, reachable })))
    if (put !== undefined) {
      const { cid, tiers } = await storage.put(pattern(put), { replicate: 'wait' })
      say({ cid, tiers: Object.fromEntries(Object.entries(tiers).map(([name, { status }]) => [name, status])) })
    }
    if (get !== undefined) {
      const onProgress = ({ type, bytes }: { type: string; bytes: number }): void => {
        if (type === 'chunk') say({ bytes })
      }
      const content = await storage.get(get).bytes({ onProgress })
      say({ sha256: createHash('sha256').update(content).digest('hex') })
    }
  } catch (error) {
    say({ error: String(error) })
  }
}

/** The same configuration by way of proxies on this machine that pass so many bytes a second each. */
async function limited(text: string): Promise<object> {
  if (limit === undefined) return JSON.parse(text) as object
  const urls = [...new Set(text.match(/http:\/\/[\d.:]+/g))]
  const ways = await Promise.all(
    urls.map(
      async (target) => [target, (await openHttpProxy({ target, rates: { answer: Number(limit) } })).url] as const,
    ),
  )
  return JSON.parse(ways.reduce((config, [target, url]) => config.replaceAll(target, url), text)) as object
}
