import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** Runs a program to its end and gives what it wrote to stdout. Throws, with what it wrote to stderr, when it fails. */
export async function command(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<string> {
  const { stdout } = await execute(program, args, {
    env: { PATH: process.env['PATH'], ...env },
    timeout: 60_000,
    maxBuffer: 2 ** 24,
  })
  return stdout
}
