import type { StorageWrapper } from '@stowage/core'
import { CommanderError } from 'commander'
import { type Cli, cliLogger, type GlobalFlags, type Run } from './cli.ts'
import { EXIT, type Failure, failureOf, Interruption } from './failure.ts'
import { printable, toJson } from './format.ts'
import { output } from './output.ts'
import { buildProgram } from './program.ts'
import { progress, type ProgressStyle } from './progress.ts'

/** One run of the command line, from its arguments to its exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  const stopping = new AbortController()
  const release = onSignals(stopping)
  // Without listeners a closed stream ends the process. What it means to a command, its output says.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  let exitCode: number = EXIT.ok
  const run: Run = async (work) => {
    exitCode = await perform(program.opts<GlobalFlags>(), stopping, work)
  }
  const program = buildProgram(run)
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return await report(error, args, stopping.signal)
  } finally {
    release()
  }
}

async function perform(
  flags: GlobalFlags,
  stopping: AbortController,
  work: (cli: Cli) => Promise<number | void>,
): Promise<number> {
  const { signal } = stopping
  const shown = progress(process.stderr, styleOf(flags))
  const logger = cliLogger(flags, shown)
  const out = output(process.stdout, flags.json === true, signal, (reason) => stopping.abort(reason))
  const opened: StorageWrapper[] = []
  const cli: Cli = {
    flags,
    signal,
    logger,
    output: {
      ...out,
      result: (data, text) => {
        shown.clear()
        return out.result(data, text)
      },
    },
    progress: shown.track,
    open: async () => {
      const { createStorage } = await import('../create-storage.ts')
      const storage = await createStorage({ dir: flags.dir, config: flags.config, forceLocal: flags.local, logger })
      opened.push(storage)
      return storage
    },
  }
  try {
    return (await work(cli)) ?? EXIT.ok
  } finally {
    shown.clear()
    await Promise.all(opened.map((storage) => storage.close()))
  }
}

/** Says what went wrong: a JSON line on standard output, or a line for people on standard error. */
async function report(error: unknown, args: readonly string[], signal: AbortSignal): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok
  const beforeDashes = args.includes('--') ? args.slice(0, args.indexOf('--')) : args
  const failure =
    error instanceof CommanderError ? usageFailure(error) : failureOf(signal.aborted ? signal.reason : error)
  const { code, message, exitCode, fields } = failure
  if (exitCode === EXIT.ok) return exitCode
  if (beforeDashes.includes('--json')) await writeLast(process.stdout, `${toJson({ ...fields, code, message })}\n`)
  // Commander has shown the help already when that is its answer.
  else if (message !== '') await writeLast(process.stderr, `stowage: ${printable(message)} (${code})\n`)
  if (beforeDashes.includes('--verbose') || process.env['STOWAGE_DEBUG']) console.error(error)
  return exitCode
}

function usageFailure(error: CommanderError): Failure {
  const message =
    error.code === 'commander.help' ? '' : error.message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ')
  return { code: 'invalid-argument', message, exitCode: EXIT.usage }
}

function writeLast(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => stream.write(text, () => resolve()))
}

function styleOf({ json, quiet, progress }: GlobalFlags): ProgressStyle {
  if (json === true || quiet === true || !progress) return 'none'
  return process.stderr.isTTY && process.env['TERM'] !== 'dumb' ? 'bar' : 'lines'
}

/** The first signal asks the command to stop and clean up, the second one ends the process. */
function onSignals(stopping: AbortController): () => void {
  const handlers = (
    [
      ['SIGINT', EXIT.interrupted],
      ['SIGTERM', EXIT.terminated],
    ] as const
  ).map(([name, exitCode]) => {
    const handle = (): void => {
      if (stopping.signal.aborted) process.exit(exitCode)
      stopping.abort(new Interruption('Interrupted.', exitCode))
    }
    process.on(name, handle)
    return () => void process.off(name, handle)
  })
  return () => handlers.forEach((release) => release())
}
