import { execFile } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { summarise, type SuiteResult } from './report.ts'
import type { Sample, Suite } from './suite.ts'
import { suites } from './suites/index.ts'

const HELP = `usage: pnpm bench [SUITE...] [--rounds 5] [--size BYTES|256MiB|1GiB] [--dir FOLDER] [--save]

Suites: ${Object.keys(suites).join(', ')}. Default: all. Rounds are interleaved, each row runs in its own process.
--save writes bench/results/SUITE.json, which the docs quote; otherwise the JSON goes to .cache/bench.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    size: { type: 'string' },
    dir: { type: 'string', default: tmpdir() },
    save: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const names = positionals.length > 0 ? positionals : Object.keys(suites)
const rounds = Number(values.rounds)
if (values.help || !names.every((name) => name in suites) || !Number.isInteger(rounds) || rounds < 1) {
  console.error(HELP)
  process.exit(values.help ? 0 : 2)
}

const work = await mkdtemp(join(values.dir, 'stowage-bench-'))
const results = join(import.meta.dirname, values.save ? '../results' : '../../.cache/bench')
await mkdir(results, { recursive: true })
let withinLimits = true
try {
  for (const name of names) {
    const suite = await suites[name]?.()
    if (suite === undefined) continue
    const size = values.size === undefined || suite.size === 0 ? (suite.size ?? 256 * 2 ** 20) : parseSize(values.size)
    const result = await run(name, suite, size)
    console.log(`\n${result.table}`)
    await writeFile(join(results, `${name}.json`), `${JSON.stringify(result, undefined, 2)}\n`)
    withinLimits = keepsLimits(suite, result) && withinLimits
  }
} finally {
  await rm(work, { recursive: true, force: true })
}
process.exitCode = withinLimits ? 0 : 1

async function run(name: string, suite: Suite, size: number): Promise<SuiteResult> {
  const file = join(work, 'input')
  await writeRandom(file, size)
  const rows = Object.keys(suite.rows)
  const samples: Record<string, Sample[]> = Object.fromEntries(rows.map((row) => [row, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const row of rows) {
      process.stderr.write(`${name} ${round}/${rounds} ${row}\n`)
      const child = ['--expose-gc', join(import.meta.dirname, 'child.js'), name, row, String(size), file]
      const { stdout } = await promisify(execFile)(process.execPath, child)
      samples[row]?.push(JSON.parse(stdout) as Sample)
    }
  }
  return summarise(suite, size, samples, conditions(size))
}

function conditions(size: number): string {
  const memory = Math.round(totalmem() / 2 ** 30)
  const blob = size === 0 ? '' : `, ${size / 2 ** 20} MiB`
  return `${rounds} rounds${blob}, Node ${process.versions.node}, ${process.platform} ${process.arch}, ${availableParallelism()} cores, ${memory} GiB of memory.`
}

function keepsLimits(suite: Suite, { rows }: SuiteResult): boolean {
  const over = Object.entries(suite.memoryLimits ?? {}).filter(
    ([row, limit]) => !((rows[row]?.peakMiB ?? NaN) <= limit),
  )
  for (const [row, limit] of over) console.error(`${row}: more than ${limit} MiB of memory`)
  return over.length === 0
}

/** A key stream: random enough that nothing can compress or share it, and quick to make. */
async function writeRandom(file: string, size: number): Promise<void> {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16, 2))
  const zeros = Buffer.alloc(2 ** 20)
  const handle = await open(file, 'w')
  for (let written = 0; written < size; written += zeros.length) {
    await handle.write(cipher.update(zeros.subarray(0, Math.min(zeros.length, size - written))))
  }
  await handle.sync()
  await handle.close()
}

function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)\s*([KMG]iB)?$/.exec(text) ?? []
  if (digits === undefined) throw new TypeError(`${text} is no size`)
  return Number(digits) * ({ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit] ?? 1)
}
