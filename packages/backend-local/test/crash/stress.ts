import { check } from './check.ts'
import { startWorker, type Worker } from './crew.ts'
import { expectationOf } from './expectation.ts'
import { random } from './random.ts'

export interface StressOptions {
  readonly dir: string
  readonly seed: string
  readonly workers: number
  /** Of each. */
  readonly steps: number
  /** Some collect with byte budgets. */
  readonly evicting: boolean
  /** How often one of them is stopped in whatever it does, until the others have gone on or wait for it. */
  readonly stops: number
}

export interface StressReport {
  /** Broken promises; none: all is well. */
  readonly problems: readonly string[]
  readonly operations: number
  /** Milliseconds that puts took, the longest first. */
  readonly puts: readonly number[]
}

/** Milliseconds that the others get while one stands still. */
const STANDSTILL = 200

/** Many processes at work on one folder until each has done its part: no change is lost, nothing fails. */
export async function stress({ dir, seed, workers, steps, evicting, stops }: StressOptions): Promise<StressReport> {
  const choose = random(seed)
  const crew = Array.from({ length: workers }, () => startWorker())
  crew.forEach((worker, index) => worker.begin({ dir, seed: `${seed}.${index}`, evicting, steps }))
  for (let stop = 0; stop < stops; stop++) {
    const victim = choose.pick(crew)
    await said(victim, 1 + choose.below(20))
    victim.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, STANDSTILL))
    victim.signal('SIGCONT')
  }
  const expectations = (await Promise.all(crew.map(({ ended }) => ended))).map((lines) => expectationOf(lines))
  const { problems } = await check(dir, expectations, { evicting })
  const took = expectations.flatMap((expectation) => expectation.took)
  const unfinished = expectations.flatMap(({ pending }) =>
    pending.map((operation) => `Never ended: ${JSON.stringify(operation)}`),
  )
  const puts = took.filter(({ kind }) => kind === 'put').map(({ ms }) => ms)
  return {
    problems: [...unfinished, ...problems],
    operations: took.length,
    puts: puts.sort((one, other) => other - one),
  }
}

/** Resolves when it has said so much more, or has ended. */
async function said(worker: Worker, count: number): Promise<void> {
  let left = count
  const enough = new Promise<void>((resolve) => worker.onSaid(() => --left === 0 && resolve()))
  await Promise.race([enough, worker.ended])
}
