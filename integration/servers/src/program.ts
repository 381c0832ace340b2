import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { buryWithMe } from './will.ts'

/** A Node program that talks in JSON, a value a line, on its stdin and stdout. It dies with this process at the latest. */
export interface Program {
  /** What it says next. Throws when it ends first. */
  next(): Promise<unknown>
  tell(value: unknown): void
  /** Kills it, as a power cut would. */
  kill(): Promise<void>
  /** How it ended: its exit code, or the signal. */
  readonly ended: Promise<number | string>
}

/** Runs a script from the sources; `enter` is put before the command. */
export function runProgram(script: string, args: readonly string[], enter: readonly string[] = []): Program {
  const [file, ...rest] = [...enter, process.execPath, '--conditions=@stowage/source', script, ...args]
  const child = spawn(String(file), rest, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] })
  const { pid } = child
  const will = pid === undefined ? undefined : buryWithMe(pid)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  // It may end while something is on its way to it.
  child.stdin.on('error', () => undefined)
  const ended = once(child, 'close').then(([code, signal]) => {
    will?.gone()
    return (code ?? signal) as number | string
  })
  return {
    ended,
    async next() {
      const line = await lines.next()
      if (line.done === true) throw new Error(`${script} ended before it said anything more.`)
      return JSON.parse(line.value) as unknown
    },
    tell: (value) => void child.stdin.write(`${JSON.stringify(value)}\n`),
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
