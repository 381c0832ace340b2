import { existsSync } from 'node:fs'
import { check } from './check.ts'
import { startWorker, type Worker } from './crew.ts'
import { expectationOf, type Expectation } from './expectation.ts'
import { random, type Random } from './random.ts'

export interface RoundsOptions {
  readonly dir: string
  readonly seed: string
  readonly rounds: number
  readonly workers: number
}

export interface RoundsReport {
  /** Broken promises; none: all is well. The rounds end with the first that has any. */
  readonly problems: readonly string[]
  readonly rounds: number
  readonly kills: number
  /** Operations that had been promised when the kill came, and those that were under way. */
  readonly done: number
  readonly pending: number
}

/** Processes at work on one folder, killed at random moments, and a look at what is left; again and again. */
export async function crashRounds({ dir, seed, rounds, workers }: RoundsOptions): Promise<RoundsReport> {
  const choose = random(seed)
  // They start while the round before is under way: most of a round would be waiting for them.
  let ready = Array.from({ length: workers }, () => startWorker())
  let expectations: readonly Expectation[] = []
  let evicting = false
  let report: RoundsReport = { problems: [], rounds: 0, kills: 0, done: 0, pending: 0 }
  for (let round = 0; round < rounds && report.problems.length === 0; round++) {
    const crew = ready
    ready = Array.from({ length: round + 1 < rounds ? workers : 0 }, () => startWorker())
    evicting ||= choose.chance(0.15)
    const seeds = crew.map((_, index) => `${seed}.${round}.${index}`)
    crew.forEach((worker, index) => worker.begin({ dir, seed: seeds[index] as string, evicting }))
    await killAll(crew, choose)
    const found = (await Promise.all(crew.map(({ ended }) => ended))).map((said) => expectationOf(said))
    expectations = [...expectations, ...found]
    let problems: readonly string[] = []
    // Now and then the next processes are the first to see what is left, and are killed over it.
    const looks = round + 1 === rounds || found.some(({ failures }) => failures.length > 0) || choose.chance(0.7)
    if (looks && existsSync(dir)) {
      const checked = await check(dir, expectations, { evicting })
      problems = checked.problems
      expectations = checked.resolved
      evicting = false
    }
    report = {
      problems,
      rounds: round + 1,
      kills: report.kills + crew.length,
      done: report.done + found.reduce((sum, { took }) => sum + took.length, 0),
      pending: report.pending + found.reduce((sum, { pending }) => sum + pending.length, 0),
    }
  }
  for (const worker of ready) worker.signal('SIGKILL')
  return report
}

/** After how many lines of all of them, and how many milliseconds later: any moment will do, as long as moments differ. */
async function killAll(crew: readonly Worker[], choose: Random): Promise<void> {
  // Some die before the others, who go on and see it.
  const order = choose.chance(0.3) ? crew.map((worker) => [worker]) : [crew]
  for (const victims of order) {
    await lines(crew, choose.pick([0, 1, 5, 20, 60]) + choose.below(20))
    const delay = choose.below(20)
    await new Promise((resolve) => setTimeout(resolve, delay))
    for (const worker of victims) worker.signal('SIGKILL')
  }
}

/** Resolves after so many more lines, or when all have ended. */
async function lines(crew: readonly Worker[], count: number): Promise<void> {
  if (count === 0) return
  let left = count
  const enough = new Promise<void>((resolve) => {
    for (const worker of crew) worker.onSaid(() => --left === 0 && resolve())
  })
  await Promise.race([enough, Promise.all(crew.map(({ ended }) => ended))])
}
