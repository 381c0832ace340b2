import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { damageCatalogs } from './catalogs.ts'
import { powerCuts, unavailable } from './power.ts'
import { crashRounds } from './rounds.ts'
import { starts } from './starts.ts'
import { stress } from './stress.ts'

/**
 * The long form. `--rounds 2000`: processes killed at random moments; `--states 2000`: power cuts, so many for each start;
 * `--catalogs 2000`: catalogs damaged at random places; `--steps 2000`: processes that nobody kills, so many steps each.
 * A seed that ends in a number is one folder of an earlier run.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '0' },
    states: { type: 'string', default: '0' },
    steps: { type: 'string', default: '0' },
    catalogs: { type: 'string', default: '0' },
    workers: { type: 'string', default: '3' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
  },
})
const seedOf = (number: number): string => (/-\d+$/.test(values.seed) ? values.seed : `${values.seed}-${number}`)
/** Where nothing is about how long a disk takes. */
const inMemory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

await kill(Number(values.rounds))
await cut(Number(values.states))
await damage(Number(values.catalogs))
await work(Number(values.steps))

/** Rounds on one folder build upon each other; after some it is a new one. */
async function kill(rounds: number): Promise<void> {
  const inOneFolder = 20
  let [done, kills, promises] = [0, 0, 0]
  for (let number = 0; done < rounds; number++) {
    const folder = await newFolder(tmpdir())
    const seed = seedOf(number)
    const report = await crashRounds({
      dir: join(folder, 'store'),
      seed,
      rounds: Math.min(inOneFolder, rounds - done),
      workers: Number(values.workers),
    })
    done += report.rounds
    kills += report.kills
    promises += report.done
    console.log(`seed ${seed}: ${done} rounds, ${kills} kills, ${promises} promises kept`)
    await end(folder, `Round ${report.rounds} of seed ${seed}`, report.problems)
  }
}

/** Each trace gives some hundred moments: more states come from more traces. */
async function cut(states: number): Promise<void> {
  if (states > 0 && unavailable !== undefined) throw new Error(`Cutting the power ${unavailable}.`)
  const ofOneTrace = 250
  for (const [name, start] of Object.entries(starts)) {
    let seen = 0
    for (let number = 0; seen < states; number++) {
      const folder = await newFolder(inMemory)
      const origin = await newFolder(tmpdir())
      const seed = seedOf(number)
      const initial = await start(join(origin, 'store'))
      const report = await powerCuts({ folder, seed, steps: 20, states: Math.min(ofOneTrace, states - seen), initial })
      seen += report.states
      console.log(`seed ${seed}: ${seen} states left by power cuts over ${name}, ${report.events} events in this trace`)
      await end(folder, `Seed ${seed} over ${name}`, report.problems)
      await rm(origin, { recursive: true, force: true })
    }
  }
}

async function damage(count: number): Promise<void> {
  if (count === 0) return
  const folder = await newFolder(inMemory)
  const seed = seedOf(0)
  const problems = await damageCatalogs({ folder, seed, count })
  if (problems.length === 0) console.log(`seed ${seed}: ${count} damaged catalogs`)
  await end(folder, `Seed ${seed}`, problems)
}

async function work(steps: number): Promise<void> {
  if (steps === 0) return
  for (const evicting of [false, true]) {
    const folder = await newFolder(tmpdir())
    const [dir, seed, workers] = [join(folder, 'store'), seedOf(evicting ? 1 : 0), Number(values.workers)]
    const report = await stress({ dir, seed, workers, steps, evicting, stops: steps >> 4 })
    const [longest, median] = [report.puts[0] ?? 0, report.puts[report.puts.length >> 1] ?? 0].map(Math.round)
    console.log(
      `seed ${seed}: ${report.operations} operations; a put took ${median} ms in the median, ${longest} ms at most`,
    )
    await end(folder, `Seed ${seed}`, report.problems)
  }
}

function newFolder(parent: string): Promise<string> {
  return mkdtemp(join(parent, 'stowage-crash-'))
}

async function end(folder: string, what: string, problems: readonly string[]): Promise<void> {
  if (problems.length === 0) return rm(folder, { recursive: true, force: true })
  console.error(`${what} failed; what is left lies in ${folder}.`)
  for (const problem of problems) console.error(problem)
  process.exit(1)
}
