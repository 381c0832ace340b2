import { once } from 'node:events'
import { createStorage } from 'stowage'
import { startService } from './service.ts'

// MODEL is a CID or a name: the first argument, or the environment's.
const model = process.argv[2] ?? process.env['MODEL']
if (model === undefined) {
  console.error('usage: MODEL=<cid or name> [PORT=8080] node src/main.ts, or the model as the first argument')
  process.exit(2)
}

const storage = await createStorage()
const service = await startService({ storage, model, port: Number(process.env['PORT'] ?? 8080) })
console.log(`listening on ${service.url}`)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
await service.close()
await storage.close()
