import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { buryWithMe } from './will.ts'

export interface Start {
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string | undefined>> | undefined
  /** The file that gets what it says. */
  readonly log: string
  /** Milliseconds that it gets to end by itself. Default: 5000. */
  readonly grace?: number | undefined
}

/** A program that runs until it is stopped. */
export interface Running {
  /** Absent when it could not be started at all. */
  readonly pid: number | undefined
  /** Polls until the probe gives a value. Throws with the end of the log when the program ends, or nothing came in time. */
  until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T>
  /** Ends it and what it started: SIGTERM, and SIGKILL when that is not enough. */
  stop(): Promise<void>
}

const PATIENCE = 60_000
const BETWEEN_PROBES = 20

/** Starts a program in a process group of its own, which dies with this process at the latest. */
export function start({ name, program, args, env = {}, log, grace = 5_000 }: Start): Running {
  const output = openSync(log, 'a')
  const child = spawn(program, args, {
    detached: true,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  child.unref()
  const group = child.pid
  const will = group === undefined ? undefined : buryWithMe(group)
  let end: string | undefined
  // `once` rejects when there is an error, such as no program of that name.
  const ended = once(child, 'exit')
    .then(
      ([code, signal]) => `exit ${String(code ?? signal)}`,
      (error: unknown) => String(error),
    )
    .then((how) => {
      end = how
      killGroup(group, 'SIGKILL')
      will?.gone()
    })

  return {
    pid: group,
    async until(what, probe) {
      const deadline = performance.now() + PATIENCE
      for (let last: unknown; ; await delay(BETWEEN_PROBES)) {
        try {
          const found = await probe()
          if (found !== undefined) return found
        } catch (error) {
          last = error
        }
        const trouble = end ?? (performance.now() > deadline ? `${PATIENCE} ms passed` : undefined)
        if (trouble !== undefined) {
          throw new Error(`${name}: ${trouble} before ${what}. It said:\n${tail(log)}`, { cause: last })
        }
      }
    },
    async stop() {
      if (end !== undefined) return
      killGroup(group, 'SIGTERM')
      const impatient = setTimeout(() => killGroup(group, 'SIGKILL'), grace)
      await ended
      clearTimeout(impatient)
    },
  }
}

function killGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group === undefined) return
  try {
    process.kill(-group, signal)
  } catch {
    // All of it is gone.
  }
}

function tail(log: string): string {
  return readFileSync(log, 'utf8').split('\n').slice(-30).join('\n')
}
