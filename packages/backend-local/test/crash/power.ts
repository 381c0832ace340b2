import { cpSync, mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { check } from './check.ts'
import { startWorker } from './crew.ts'
import { historyOf, materialise, type History } from './disk.ts'
import { expectationOf } from './expectation.ts'
import { random } from './random.ts'
import type { Initial } from './starts.ts'
import { signature, stateAt, type Rules } from './states.ts'
import { readTrace, strace } from './trace.ts'
import type { Said } from './worker.ts'

export interface PowerOptions {
  /** An empty folder to work in. */
  readonly folder: string
  readonly seed: string
  /** Of the process that is watched. */
  readonly steps: number
  /** How many states are looked at. */
  readonly states: number
  /** Default: an empty folder. */
  readonly initial?: Initial | undefined
}

export interface PowerReport {
  /** Broken promises; none: all is well. */
  readonly problems: readonly string[]
  /** Different states looked at. */
  readonly states: number
  /** Things that the process did to files. */
  readonly events: number
}

/** Why no power can be cut here; undefined: it can. */
export const unavailable: string | undefined =
  spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
    ? undefined
    : 'needs strace, and the right to trace'

/**
 * Watches a process at work on a store, by its system calls, and looks at what a power cut at any moment would have
 * left: every promise that had been made by then is kept, and nothing half-written is visible.
 */
export async function powerCuts({ folder, seed, steps, states, initial }: PowerOptions): Promise<PowerReport> {
  const dir = join(folder, 'store')
  mkdirSync(dir)
  if (initial !== undefined) cpSync(initial.dir, dir, { recursive: true })
  const log = join(folder, 'trace')
  const worker = startWorker(strace(log))
  worker.begin({ dir, seed, evicting: false, steps })
  await worker.ended
  const history = historyOf(readTrace(log, [dir]), dir, initial?.dir)
  const moments = momentsOf(history)
  const choose = random(`${seed}/states`)
  const seen = new Set<string>()
  const problems: string[] = []
  for (let tries = 0; seen.size < states && tries < 20 * states && problems.length === 0; tries++) {
    const rules: Rules = choose.chance(0.5) ? 'ordered' : 'harsh'
    const state = stateAt(history, choose.pick(moments), rules, choose)
    const promised = expectationOf(saidBefore(history, state.at), initial?.promised.model)
    const known = `${promised.took.length}/${signature(state)}`
    if (seen.has(known)) continue
    seen.add(known)
    const cut = join(folder, 'cut')
    await rm(cut, { recursive: true, force: true })
    materialise(history, state.names, state.data, cut)
    const report = await check(cut, [promised], { evicting: false, rebuilt: initial?.rebuilt })
    if (report.problems.length === 0) continue
    problems.push(
      `After a power cut at event ${state.at} (${rules}, state ${seen.size} of seed ${seed}):`,
      ...report.problems,
    )
    const kept = join(folder, 'failed')
    mkdirSync(kept)
    materialise(history, state.names, state.data, join(kept, 'store'))
  }
  if (problems.length === 0) await rm(join(folder, 'cut'), { recursive: true, force: true })
  return { problems, states: seen.size, events: history.length }
}

/** Moments between which something happened to the disk, or was promised. */
function momentsOf({ names, data, syncs, said, length }: History): number[] {
  const changes = [...names, ...data, ...syncs, ...said].map(({ at }) => at + 1).filter((at) => at > 0)
  return [...new Set([0, ...changes, length])]
}

function saidBefore({ said }: History, at: number): Said[] {
  return said
    .filter((one) => one.at < at)
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line.startsWith('{"'))
    .map((line) => JSON.parse(line) as Said)
}
