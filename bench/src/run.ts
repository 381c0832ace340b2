import { execFile } from 'node:child_process'
import { createCipheriv } from 'node:crypto'
import { mkdir, open, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, totalmem } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { summarise, type SuiteResult } from './report.ts'
import type { ServerName } from './servers.ts'
import { storeFolder } from './store-folder.ts'
import type { Needs, Sample, Suite } from './suite.ts'

export interface Run {
  readonly name: string
  readonly suite: Suite
  readonly size: number
  readonly count: number
  readonly rounds: number
  /** A folder to work in. */
  readonly work: string
  /** Why there are no peers, if there are none. */
  readonly noPeers: string | undefined
  /** Why there is no such server, if there is none. */
  noServer(name: ServerName): string | undefined
  readonly signal: AbortSignal
}

/** Prepares the suite's stores, then runs its rows round by round: A B C A B C. */
export async function runSuite(run: Run): Promise<SuiteResult> {
  const { name, suite, size, count, rounds, work } = run
  const measuredUnder = conditions(run)
  const file = join(work, 'input')
  await writeRandom(file, size)
  const missing = ({ needs = [], server }: Needs): string | undefined =>
    (server && run.noServer(server)) ?? (needs.length === 0 ? undefined : run.noPeers)
  const child = async (kind: string, of: string): Promise<string> => {
    const args = [
      '--expose-gc',
      join(import.meta.dirname, 'child.js'),
      kind,
      name,
      of,
      String(size),
      String(count),
      file,
    ]
    try {
      return (await promisify(execFile)(process.execPath, args, { signal: run.signal })).stdout
    } catch (error) {
      run.signal.throwIfAborted()
      throw new Error(`${name}: ${of} failed.\n${(error as { stderr?: string }).stderr ?? ''}`, { cause: error })
    }
  }

  for (const [store, prepare] of Object.entries(suite.stores ?? {})) {
    if (missing(prepare) !== undefined) continue
    process.stderr.write(`${name}: preparing ${store}\n`)
    await mkdir(storeFolder(work, suite, store), { recursive: true })
    await child('store', store)
  }
  const skipped = Object.fromEntries(
    Object.entries(suite.rows).flatMap(([row, needs]) => {
      const reason = missing(needs)
      return reason === undefined ? [] : [[row, reason]]
    }),
  )
  const rows = Object.keys(suite.rows).filter((row) => !(row in skipped))
  const samples: Record<string, Sample[]> = Object.fromEntries(rows.map((row) => [row, []]))
  for (let round = 1; round <= rounds; round += 1) {
    for (const row of rows) {
      process.stderr.write(`${name} ${round}/${rounds} ${row}\n`)
      // What the row before left to be written would be written at this one's cost.
      await promisify(execFile)('sync')
      samples[row]?.push(JSON.parse(await child('row', row)) as Sample)
    }
  }
  await rm(join(work, 'stores'), { recursive: true, force: true })
  return summarise(suite, { samples, skipped, conditions: measuredUnder })
}

function conditions({ rounds, size, count, suite }: Run): string {
  const of = [
    `${rounds} round${rounds === 1 ? '' : 's'}`,
    ...(suite.size === undefined ? [] : [`${size / 2 ** 20} MiB`]),
    ...(suite.count === undefined ? [] : [`${count.toLocaleString('en')} small blobs`]),
    `Node ${process.versions.node}`,
    `${process.platform} ${process.arch}`,
    `${availableParallelism()} cores`,
    `${Math.round(totalmem() / 2 ** 30)} GiB of memory`,
    `load ${loadavg()[0]?.toFixed(1)} at the start`,
  ]
  return `${of.join(', ')}.`
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
