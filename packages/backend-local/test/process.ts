import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll } from 'vitest'

export interface Child {
  /** What it says next. Throws when it ends first. */
  next(): Promise<unknown>
  /** Everything it still says until it ends. */
  rest(): Promise<unknown[]>
  go(): void
  /** Kill it, as a power cut would. */
  kill(): Promise<void>
}

const running = new Set<() => Promise<void>>()

afterAll(async () => {
  for (const kill of running) await kill()
})

/** Runs a command of `child.ts`. */
export function start(dir: string, command: string, ...values: readonly (string | number)[]): Child {
  return run(command, process.execPath, arguments_(dir, command, values))
}

/** The same in a process that may have so many files open. */
export function startLimited(
  files: number,
  dir: string,
  command: string,
  ...values: readonly (string | number)[]
): Child {
  const limited = ['-c', `ulimit -n ${files}; exec "$@"`, 'sh', process.execPath, ...arguments_(dir, command, values)]
  return run(command, 'sh', limited)
}

function arguments_(dir: string, command: string, values: readonly (string | number)[]): string[] {
  const script = new URL('./child.ts', import.meta.url).pathname
  return ['--conditions=@stowage/source', script, dir, command, ...values.map(String)]
}

function run(command: string, program: string, args: readonly string[]): Child {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const kill = async (): Promise<void> => {
    running.delete(kill)
    child.kill('SIGKILL')
    await exited
  }
  running.add(kill)
  const next = async (): Promise<unknown> => {
    const line = await lines.next()
    if (line.done === true) throw new Error(`The process for ${command} ended.`)
    return JSON.parse(line.value)
  }
  return {
    next,
    kill,
    go: () => child.stdin.write('go\n'),
    rest: async () => {
      const said: unknown[] = []
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
        // A kill may cut the last line short.
        if (line.value.endsWith('}') || line.value.endsWith('"')) said.push(JSON.parse(line.value))
      }
      await exited
      running.delete(kill)
      return said
    },
  }
}
