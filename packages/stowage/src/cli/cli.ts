import type { Logger, OnProgress, StorageWrapper } from '@stowage/core'
import { printable } from './format.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'

/** Options that every command takes. */
export interface GlobalFlags {
  readonly dir?: string | undefined
  /** False: `--no-config`. */
  readonly config?: string | false | undefined
  readonly json?: boolean | undefined
  readonly quiet?: boolean | undefined
  /** False: `--no-progress`. */
  readonly progress: boolean
  readonly local?: boolean | undefined
  readonly verbose?: boolean | undefined
}

/** What a command gets. */
export interface Cli {
  readonly flags: GlobalFlags
  readonly signal: AbortSignal
  readonly output: Output
  readonly logger: Logger
  progress(label: string, total?: number): OnProgress | undefined
  /** Opens the storage that the options name; it is closed when the command has ended. */
  open(): Promise<StorageWrapper>
}

/** Runs a command's work. It answers with an exit code, or with nothing for success. */
export type Run = (work: (cli: Cli) => Promise<number | void>) => Promise<void>

/** Log lines on standard error: warnings and errors, all of it when verbose, only errors when quiet. */
export function cliLogger(flags: Pick<GlobalFlags, 'quiet' | 'verbose'>, progress: Pick<Progress, 'clear'>): Logger {
  const write = (level: string, wanted: boolean) => (message: string) => {
    if (!wanted) return
    progress.clear()
    process.stderr.write(`stowage: ${level}${printable(message)}\n`)
  }
  const verbose = flags.verbose === true
  return {
    debug: write('', verbose),
    info: write('', verbose),
    warn: write('warning: ', flags.quiet !== true),
    error: write('error: ', true),
  }
}
