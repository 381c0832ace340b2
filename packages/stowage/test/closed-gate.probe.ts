// Run as a child by closed-gate.test.ts: uses a storage with every far backend configured, and prints what it
// tried to reach. It hooks the process before the storage is loaded.
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { registerHooks, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import tls from 'node:tls'

const attempts: string[] = []
const loaded: string[] = []

const refuse = (what: string) => (): never => {
  attempts.push(what)
  throw new Error(`${what} is not allowed here`)
}
net.Socket.prototype.connect = refuse('net')
net.Server.prototype.listen = refuse('net')
net.connect = net.createConnection = refuse('net')
tls.connect = refuse('net')
dns.lookup = Object.assign(refuse('dns'), { __promisify__: refuse('dns') })
dns.promises.lookup = refuse('dns')
http.request = http.get = https.request = https.get = refuse('http')
globalThis.fetch = refuse('fetch')
syncBuiltinESMExports()

registerHooks({
  resolve(specifier, context, next) {
    if (/^@stowage\/backend-(?!local$)/.test(specifier)) loaded.push(specifier)
    return next(specifier, context)
  },
})

const { createStorage } = await import('../src/index.ts')
const storage = await createStorage({
  dir: process.argv[2],
  forceLocal: process.env['PROBE_FORCE_LOCAL'] === '1',
  logger: { debug() {}, info() {}, warn() {}, error() {} },
  config: {
    backends: {
      ipfs: { apiEndpoint: 'http://127.0.0.1:5001' },
      helia: {},
      gateways: ['https://gateway.example'],
      s3: { bucket: 'models', endpoint: 'https://s3.example' },
      filecoin: { provider: 'f01' },
    },
  },
})
const { cid } = await storage.put('kept', { name: 'kept' })
await storage.has('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
await storage.status()
for await (const report of storage.verify()) if (!report.ok) throw new Error('damaged')
await storage.gc()
const text = await storage.get(cid).text()
const { reason } = storage.gate
await storage.close()

if (process.env['PROBE_SELF_TEST'] === '1') {
  for (const attempt of [
    async () => net.connect(1),
    async () => dns.lookup('example.org', () => {}),
    () => fetch('http://127.0.0.1:1'),
    async () => http.get('http://127.0.0.1:1'),
  ]) {
    try {
      await attempt()
    } catch {
      continue
    }
  }
}
console.log(JSON.stringify({ attempts, loaded, reason, text }))
