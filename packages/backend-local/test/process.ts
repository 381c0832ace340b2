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
  const script = new URL('./child.ts', import.meta.url).pathname
  const child = spawn(process.execPath, ['--conditions=@stowage/source', script, dir, command, ...values.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
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
