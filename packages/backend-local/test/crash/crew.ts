import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Orders, Said } from './worker.ts'

/** A process that works on a store. It starts early, and touches nothing before it has its orders. */
export interface Worker {
  readonly pid: number
  begin(orders: Orders): void
  /** Runs for each line it says. */
  onSaid(listener: (said: Said) => void): void
  signal(signal: NodeJS.Signals): void
  /** All that it said, once it has ended. */
  readonly ended: Promise<readonly Said[]>
}

const SCRIPT = new URL('./worker.ts', import.meta.url).pathname
/** Halves the time that a process takes to start from the sources. */
const CACHE = new URL('../../../../.cache/compile', import.meta.url).pathname

export const command: readonly string[] = [process.execPath, '--conditions=@stowage/source', SCRIPT]

/** Starts a worker, with another program around it if one is given. */
export function startWorker(around: readonly string[] = []): Worker {
  const [program, ...rest] = [...around, ...command]
  const child = spawn(program as string, rest, {
    env: { ...process.env, NODE_COMPILE_CACHE: CACHE },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const said: Said[] = []
  const listeners: ((said: Said) => void)[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    // A kill may cut the last line short.
    if (!line.endsWith('}')) return
    const one = JSON.parse(line) as Said
    said.push(one)
    for (const listener of listeners) listener(one)
  })
  const closed = once(lines, 'close')
  // Killed before it read its orders.
  child.stdin.on('error', () => {})
  return {
    pid: child.pid as number,
    begin: (orders) => void child.stdin.end(`${JSON.stringify(orders)}\n`),
    onSaid: (listener) => void listeners.push(listener),
    signal: (signal) => void child.kill(signal),
    ended: (async () => {
      await Promise.all([exited, closed])
      return said
    })(),
  }
}
