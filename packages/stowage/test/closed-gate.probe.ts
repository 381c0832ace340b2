// Run as a child by closed-gate.test.ts: uses a storage in the folder of its first argument, with the config file of its second, and
// prints what it tried to reach. With PROBE_HOOKS it hooks the process before the storage is loaded; without, only strace looks on.
const hooks = () => import('./closed-gate.hooks.ts')
const hooked = process.env['PROBE_HOOKS'] === '1'
if (hooked) (await hooks()).hook()

const { createStorage } = await import('../src/index.ts')
const storage = await createStorage({
  dir: process.argv[2],
  config: process.argv[3],
  forceLocal: process.env['PROBE_FORCE_LOCAL'] === '1',
  logger: { debug() {}, info() {}, warn() {}, error() {} },
})
const { cid } = await storage.put('kept', { name: 'kept', replicate: 'none' })
if (process.env['PROBE_OPEN'] !== '1') {
  await storage.put('kept', { replicate: 'wait' })
  await storage.replicate(cid)
  await storage.status()
  await storage.has('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')
  for await (const provider of storage.providers(cid)) throw new Error(`somebody has it: ${provider.id}`)
}
for await (const report of storage.verify()) if (!report.ok) throw new Error('damaged')
await storage.gc()
const text = await storage.get(cid).text()
const { reason } = storage.gate
await storage.close()

if (process.env['PROBE_FETCH'] === '1') await fetch('http://127.0.0.1:65534').catch(() => {})
if (process.env['PROBE_SELF_TEST'] === '1') await (await hooks()).reachOut()
const { attempts, loaded } = hooked ? await hooks() : { attempts: [], loaded: [] }
console.log(JSON.stringify({ attempts, loaded, reason, text }))
