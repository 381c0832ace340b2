import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './command.ts'
import { temporaryFolder } from './will.ts'

/** Where a program's sockets led, by the system's own account: `address port`, each once, sorted. */
export interface Traffic {
  /** What it connected or sent to. */
  readonly reached: readonly string[]
  /** What it bound, to listen or to receive. */
  readonly bound: readonly string[]
}

/** Why traffic cannot be watched here; `undefined` when it can. */
export function trafficUnavailable(): string | undefined {
  const able = spawnSync('strace', ['-f', '-o', '/dev/null', 'true']).status === 0
  return able ? undefined : 'needs strace, and the right to trace'
}

/** Runs a program to its end, with all that it starts, and watches its sockets. Throws when it fails. */
export async function trafficOf(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Traffic> {
  const folder = temporaryFolder('traffic')
  const log = join(folder.path, 'trace')
  try {
    await command('strace', ['-f', '-qq', '-e', `trace=${[...REACH, 'bind'].join()}`, '-o', log, program, ...args], env)
    return read(await readFile(log, 'utf8'))
  } finally {
    await folder.remove()
  }
}

const REACH = ['connect', 'sendto', 'sendmsg', 'sendmmsg']

function read(trace: string): Traffic {
  const found = { reached: new Set<string>(), bound: new Set<string>() }
  for (const line of trace.split('\n')) {
    const call = /^\d+ +(\w+)\(/.exec(line)?.[1] ?? ''
    const port = /sin6?_port=htons\((\d+)\)/.exec(line)?.[1]
    const address = /inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"/.exec(line)
    if (port === undefined || address === null) continue
    found[call === 'bind' ? 'bound' : 'reached'].add(`${address[1] ?? address[2]} ${port}`)
  }
  return { reached: [...found.reached].sort(), bound: [...found.bound].sort() }
}
