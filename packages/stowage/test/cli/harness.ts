import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts')

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder for one test, with a store in it, and the command line to use it. */
export interface Workshop extends AsyncDisposable {
  readonly folder: string
  readonly store: string
  path(...segments: string[]): string
  /** `stdout`: a file descriptor to write to instead of a pipe; then there is nothing to read from the child. */
  start(args: readonly string[], env?: Record<string, string>, stdout?: number): ChildProcessWithoutNullStreams
  run(...args: readonly string[]): Promise<Ended>
  /** Runs with `--json` and gives the lines parsed. */
  json(...args: readonly string[]): Promise<{ code: number | null; lines: Record<string, unknown>[] }>
  runWith(
    options: { input?: Uint8Array | string; env?: Record<string, string> },
    ...args: readonly string[]
  ): Promise<Ended>
}

export async function workshop(): Promise<Workshop> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-cli-'))
  const store = join(folder, 'store')

  const start: Workshop['start'] = (args, env = {}, stdout) =>
    spawn(process.execPath, ['--conditions=@stowage/source', MAIN, ...args], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
        HOME: folder,
        STOWAGE_DIR: store,
        ...env,
      },
      stdio: ['pipe', stdout ?? 'pipe', 'pipe'],
    }) as ChildProcessWithoutNullStreams

  const runWith: Workshop['runWith'] = async ({ input, env }, ...args) => {
    const child = start(args, env)
    child.stdin.on('error', () => {})
    child.stdin.end(input ?? '')
    return ended(child)
  }

  return {
    folder,
    store,
    path: (...segments) => join(folder, ...segments),
    start,
    runWith,
    run: (...args) => runWith({}, ...args),
    json: async (...args) => {
      const { code, stdout } = await runWith({}, '--json', ...args)
      return {
        code,
        lines: stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line) as Record<string, unknown>),
      }
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { code, stdout, stderr }
}

async function text(stream: AsyncIterable<Buffer> | null): Promise<string> {
  if (stream === null) return ''
  const chunks: Buffer[] = []
  try {
    for await (const chunk of stream) chunks.push(chunk)
  } catch {
    // A test may have closed its end.
  }
  return Buffer.concat(chunks).toString()
}
