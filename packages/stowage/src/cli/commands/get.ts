import type { StorageWrapper, WaitOptions } from '@stowage/core'
import type { Command } from 'commander'
import type { Cli, Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { pathArgument } from '../path-argument.ts'
import { fillFolderAtomically } from '../write-file.ts'
import { contentOf, writeContent } from './cat.ts'

export function get(program: Command, run: Run): void {
  program
    .command('get')
    .description('Write content to a file, or a stored folder to a folder.')
    .argument('<ref>', 'what to get')
    .requiredOption(
      '-o, --output <path>',
      'where to; a file that is there is replaced, a folder must be empty; - is standard output',
      pathArgument,
    )
    .addHelpText(
      'after',
      examples(
        'get whisper/base -o model.onnx',
        'get bafybei…/onnx/encoder.onnx -o encoder.onnx',
        'get whisper-base -o ./whisper-base',
      ),
    )
    .action((ref: string, flags: { output: string }) => run((cli) => getTo(cli, ref, flags.output)))
}

async function getTo(cli: Cli, ref: string, target: string): Promise<void> {
  const storage = await cli.open()
  if (target === '-') return writeContent(cli, contentOf(cli, storage, ref))
  const options = { signal: cli.signal, onProgress: cli.progress(ref) }
  const info = await storage.stat(ref, options)
  if (info?.isDirectory) await fillFolderAtomically(target, (folder) => save(storage, ref, folder, options))
  else await save(storage, ref, target, options)
  const { cid, size } = (await storage.stat(ref, options)) ?? {}
  await cli.output.result({ ref, cid, size, path: target }, cli.flags.quiet === true ? '' : target)
}

/** Never a hard link: the user may write to what is theirs. */
async function save(storage: StorageWrapper, ref: string, target: string, options: WaitOptions): Promise<void> {
  try {
    await storage.get(ref).saveTo(target, { ...options, mode: 'reflink' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'unsupported')) throw error
    await storage.get(ref).saveTo(target, { ...options, mode: 'copy' })
  }
}
