import { type FileHandle, open as openFile, stat } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { CliError } from '../failure.ts'
import { pathArgument } from '../path-argument.ts'

interface Flags {
  readonly name?: string
  readonly pin?: true
}

export function importCar(program: Command, run: Run): void {
  program
    .command('import')
    .description('Take in a CAR file and print its roots.')
    .argument('<file>', 'a CAR file; - is standard input', pathArgument)
    .option('-n, --name <name>', 'point this name at the root')
    .option('--pin', 'keep it from eviction and deletion')
    .addHelpText(
      'after',
      examples('import model.car --name whisper/base', 'curl -s https://example.org/model.car | stowage import -'),
    )
    .action((path: string, flags: Flags) =>
      run(async ({ open, output, signal, progress }) => {
        const file = path === '-' ? undefined : await openCar(path)
        try {
          const total = file === undefined ? undefined : (await file.stat()).size
          const source = file?.createReadStream({ autoClose: false }) ?? process.stdin
          const storage = await open()
          const roots = await storage.importCar(source, { ...flags, signal, onProgress: progress(path, total) })
          await output.result({ roots }, roots.join('\n'))
        } finally {
          await file?.close()
        }
      }),
    )
}

/** Opening a pipe that nobody writes to would wait past every signal. */
async function openCar(path: string): Promise<FileHandle> {
  if ((await stat(path)).isFile()) return openFile(path)
  throw new CliError(
    'invalid-argument',
    `${path} is no file; hand in what comes out of a pipe as standard input: stowage import - < ${path}`,
  )
}
