import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import { cidKey, decideGate, StorageWrapper } from '@stowage/core'
import { folderTier } from './folder-tier.ts'

/** Puts blobs of its own until it has put so many, and goes on copying them until it is killed. */
const [folder, seed, count, delay] = process.argv.slice(2) as [string, string, string, string]

const storage = new StorageWrapper({
  near: local({ dir: join(folder, 'near') }),
  tiers: [folderTier(join(folder, 'far'), { delay: Number(delay) })],
  gate: decideGate({ env: {}, hasTiers: true }),
})
for (let number = 0; number < Number(count); number++) {
  // Small ones lie in packs, large ones in files.
  const text = `${seed} ${number} `.repeat(number % 4 === 0 ? 20_000 : 5)
  const { cid } = await storage.put(text)
  appendFileSync(join(folder, `put-${seed}`), `${cidKey(cid)}\n`)
}
process.stdout.write('put\n')
// Killed, or told to end.
process.stdin.resume()
await new Promise((resolve) => process.stdin.once('end', resolve))
await storage.flush()
await storage.close()
