import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { crashRounds } from './rounds.ts'

/** The long form: `pnpm crash --rounds 2000`. Rounds on one folder build upon each other; after some it is a new one. */
const FOLDER_ROUNDS = 20

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    workers: { type: 'string', default: '3' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
  },
})

const rounds = Number(values.rounds)
let done = 0
let kills = 0
let promised = 0
for (let folder = 0; done < rounds; folder++) {
  const dir = await mkdtemp(join(tmpdir(), 'stowage-crash-'))
  // A seed that ends in a number is one folder of an earlier run.
  const seed = /-\d+$/.test(values.seed) ? values.seed : `${values.seed}-${folder}`
  const report = await crashRounds({
    dir: join(dir, 'store'),
    seed,
    rounds: Math.min(FOLDER_ROUNDS, rounds - done),
    workers: Number(values.workers),
  })
  done += report.rounds
  kills += report.kills
  promised += report.done
  console.log(`seed ${seed}: ${done} rounds, ${kills} kills, ${promised} promises kept`)
  if (report.problems.length > 0) {
    console.error(`Round ${report.rounds} of seed ${seed} failed; what is left lies in ${dir}.`)
    for (const problem of report.problems) console.error(problem)
    process.exit(1)
  }
  await rm(dir, { recursive: true, force: true })
}
