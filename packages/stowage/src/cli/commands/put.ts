import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { PutDirectoryOptions, PutOptions, PutResult, StorageWrapper } from '@stowage/core'
import { type Command, Option } from 'commander'
import type { Cli, Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { countArgument } from '../count-argument.ts'
import { CliError, EXIT } from '../failure.ts'
import { formatBytes, printable } from '../format.ts'
import { tierArgument, tierLines } from '../tiers.ts'

interface Flags {
  readonly name?: string
  readonly pin?: true
  readonly alias?: true
  readonly layout?: Layout
  readonly hidden?: true
  readonly to?: readonly string[]
  readonly replicate?: PutOptions['replicate']
  readonly quorum?: number
}

type Layout = Extract<PutDirectoryOptions['layout'], string>

const LAYOUTS: readonly Layout[] = ['unixfs-v1-2025', 'kubo-legacy-cidv1', 'unixfs-v0-2015']

export function put(program: Command, run: Run): void {
  program
    .command('put')
    .description('Store files, folders or standard input, and print their CIDs.')
    .argument('<path...>', 'files or folders; - is standard input')
    .option('-n, --name <name>', 'point this name at the content')
    .option('--pin', 'keep it from eviction and deletion')
    .option('--alias', 'also find files by sha256:<hex>')
    .addOption(new Option('--layout <layout>', 'which CID the bytes get (default: unixfs-v1-2025)').choices(LAYOUTS))
    .option('--hidden', 'in folders, take along what begins with a dot')
    .option('--to <name>', 'copy it to this far tier; may be given again (default: all that take blobs)', tierArgument)
    .addOption(
      new Option('--replicate <how>', 'whether far tiers get a copy, and whether the result waits for them').choices([
        'background',
        'wait',
        'none',
      ]),
    )
    .option('--quorum <number>', 'wait until so many far tiers have a copy', countArgument)
    .addHelpText(
      'after',
      examples(
        'put model.onnx --name whisper/base',
        'put ./whisper-base --pin --to s3',
        'curl -s https://example.org/x | stowage put -',
      ),
    )
    .action((paths: string[], flags: Flags) => run((cli) => putAll(cli, paths, flags)))
}

async function putAll(cli: Cli, paths: readonly string[], flags: Flags): Promise<number> {
  if (flags.name !== undefined && paths.length > 1)
    throw new CliError('invalid-argument', '--name goes with one path only.')
  if (paths.filter((path) => path === '-').length > 1)
    throw new CliError('invalid-argument', 'Standard input can be read only once.')
  const storage = await cli.open()
  let missed = false
  for (const path of paths) {
    const result = await putOne(cli, storage, path, flags)
    missed ||= isMissed(result, flags)
    await cli.output.result({ ...result, path }, describe(cli, path, waits(flags) ? result : { ...result, tiers: {} }))
  }
  if (flags.replicate === undefined && !waits(flags)) await copyOut(cli, storage)
  return missed ? EXIT.failure : EXIT.ok
}

/** Whether a copy that was waited for did not come about. */
function isMissed({ tiers }: PutResult, flags: Flags): boolean {
  const states = Object.values(tiers).map(({ status }) => status)
  return waits(flags) && states.filter((status) => status === 'stored').length < (flags.quorum ?? states.length)
}

const waits = ({ replicate, quorum }: Flags): boolean => replicate === 'wait' || quorum !== undefined

/** Nobody else may come by to make the copies. What Ctrl-C or an outage leaves is queued, for whoever opens the store next. */
async function copyOut({ signal, progress, logger }: Cli, storage: StorageWrapper): Promise<void> {
  if (!storage.isDistributed) return
  const { queued, failed } = await storage.flush({ signal, onProgress: progress('copies') })
  if (queued + failed > 0)
    logger.warn(
      `Of copies for far tiers, ${queued} are still to be made and ${failed} failed; stowage status says why.`,
    )
}

async function putOne(cli: Cli, storage: StorageWrapper, path: string, flags: Flags): Promise<PutResult> {
  const { signal } = cli
  if (path === '-') return storage.put(process.stdin, { ...flags, signal, onProgress: cli.progress('standard input') })
  // What is wrong with a path, putFile says best.
  const found = await stat(path).catch(() => undefined)
  if (found !== undefined && !found.isFile() && !found.isDirectory()) {
    // Opening a pipe that nobody writes to would wait past every signal.
    throw new CliError(
      'invalid-argument',
      `${path} is neither a file nor a folder; hand it in as standard input: stowage put - < ${path}`,
    )
  }
  const onProgress = cli.progress(basename(path), found?.isFile() ? found.size : undefined)
  const options = { ...flags, signal, onProgress }
  return found?.isDirectory() ? storage.putDirectory(path, options) : storage.putFile(path, options)
}

function describe({ flags }: Cli, path: string, { cid, size, deduplicated, tiers }: PutResult): string {
  if (flags.quiet === true) return cid.toString()
  return `${cid}  ${formatBytes(size)}  ${printable(path)}${deduplicated ? '  (was here already)' : ''}${tierLines(tiers)}`
}
