// Run as a child by far.test.ts: opens a storage with the configuration of its second argument, in the folder of its first, and prints
// its status and what it logged. PROBE_MODULES says what stands in for packages: a module's text, or null for one that is not installed.
import { registerHooks } from 'node:module'

const stands = JSON.parse(process.env['PROBE_MODULES'] ?? '{}') as Record<string, string | null>
registerHooks({
  resolve(specifier, context, next) {
    const text = stands[specifier]
    if (text === undefined) return next(specifier, context)
    if (text === null) return next(specifier, { ...context, parentURL: 'file:///nowhere/module.js' })
    return { url: `data:text/javascript,${encodeURIComponent(text)}`, shortCircuit: true }
  },
})

const { createStorage } = await import('../src/index.ts')
const log: unknown[] = []
const at = (level: string) => (message: string, fields?: object) => void log.push({ level, message, ...fields })
const storage = await createStorage({
  dir: process.argv[2],
  env: {},
  config: JSON.parse(process.argv[3] ?? '{}') as object,
  logger: { debug() {}, info() {}, warn: at('warn'), error: at('error') },
})
const { cid } = await storage.put('kept', { replicate: 'none' })
const text = await storage.get(cid).text()
const { backends } = await storage.status()
await storage.close()
console.log(
  JSON.stringify({
    text,
    log,
    backends: backends.map(({ name, reachable, error }) => ({ name, reachable, error: error?.toJSON() })),
    isDistributed: storage.isDistributed,
  }),
)
