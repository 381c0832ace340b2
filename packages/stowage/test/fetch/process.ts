import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach } from 'vitest'

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

afterEach(async () => {
  for (const kill of running) await kill()
})

/** Runs a program from the sources. It says JSON texts, one a line. */
export function start(script: URL, ...values: readonly (string | number)[]): Child {
  const child = spawn(process.execPath, ['--conditions=@stowage/source', script.pathname, ...values.map(String)], {
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
  return {
    kill,
    next: async () => {
      const line = await lines.next()
      if (line.done === true) throw new Error('The process ended.')
      return JSON.parse(line.value) as unknown
    },
    go: () => child.stdin.write('go\n'),
    rest: async () => {
      const said: unknown[] = []
      for (let line = await lines.next(); line.done !== true; line = await lines.next())
        said.push(JSON.parse(line.value) as unknown)
      await exited
      running.delete(kill)
      return said
    },
  }
}
