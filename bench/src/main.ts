import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goalsTable } from './goals.ts'
import { HELP, readOptions } from './options.ts'
import { outcomesOf } from './outcome.ts'
import { installPeers } from './peer.ts'
import type { SuiteResult } from './report.ts'
import { runSuite } from './run.ts'
import { testServers } from './servers.ts'
import { suites } from './suites/index.ts'

const options = readOptions(process.argv.slice(2))
if (options === undefined) {
  console.error(HELP)
  process.exit(process.argv.includes('--help') ? 0 : 2)
}

const noPeers = options.peers ? await installPeers() : 'asked to go without peers'
if (noPeers !== undefined) console.error(noPeers)
const { unavailable } = await testServers()
const work = await mkdtemp(join(options.dir, 'stowage-bench-'))
const results = join(import.meta.dirname, options.save ? '../results' : '../../.cache/bench')
await mkdir(results, { recursive: true })
// Ended early, it still removes what lies in `work`, which may be many GiB.
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stop.abort(new Error(`ended by ${signal}`)))

const all: Record<string, SuiteResult> = {}
try {
  for (const name of options.suites) {
    const suite = await suites[name]?.({ count: options.countOf(undefined) })
    if (suite === undefined) continue
    const [size, count] = [options.sizeOf(suite.size), options.countOf(suite.count) ?? 0]
    const result = await runSuite({
      name,
      suite,
      size,
      count,
      rounds: options.rounds,
      work,
      noPeers,
      noServer: unavailable,
      signal: stop.signal,
    })
    console.log(`\n${result.table}`)
    await writeFile(join(results, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
    all[name] = result
  }
} finally {
  await rm(work, { recursive: true, force: true, maxRetries: 10 })
}

console.log(`\n${goalsTable(all)}`)
const beyond = Object.values(all)
  .flatMap(outcomesOf)
  .filter(({ goal, wanted, met }) => goal === undefined && wanted !== undefined && met !== true)
for (const { what, measured, wanted } of beyond) console.error(`${what}: ${measured}, wanted: ${wanted}`)
process.exitCode = beyond.length === 0 ? 0 : 1
