import { open as openFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'

interface Flags {
  readonly name?: string
  readonly pin?: true
}

export function importCar(program: Command, run: Run): void {
  program
    .command('import')
    .description('Take in a CAR file and print its roots.')
    .argument('<file>', 'a CAR file; - is standard input')
    .option('-n, --name <name>', 'point this name at the root')
    .option('--pin', 'keep it from eviction and deletion')
    .addHelpText('after', examples('import model.car --name whisper/base', 'curl -s https://example.org/model.car | stowage import -'))
    .action((path: string, flags: Flags) =>
      run(async ({ open, output, signal, progress }) => {
        const file = path === '-' ? undefined : await openFile(path)
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
