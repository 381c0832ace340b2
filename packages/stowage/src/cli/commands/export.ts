import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { pathArgument } from '../path-argument.ts'
import { writeFileAtomically } from '../write-file.ts'
import { writeContent } from './cat.ts'

export function exportCar(program: Command, run: Run): void {
  program
    .command('export')
    .description('Write content with all its blocks as a CAR file.')
    .argument('<ref>')
    .requiredOption('-o, --output <file>', 'where to; - is standard output', pathArgument)
    .addHelpText('after', examples('export whisper/base -o model.car', 'export whisper-base -o - | ipfs dag import'))
    .action((ref: string, { output: target }: { output: string }) =>
      run(async (cli) => {
        const { signal, output } = cli
        const storage = await cli.open()
        const car = storage.exportCar(ref, { signal, onProgress: cli.progress(ref) })
        if (target === '-') return writeContent(cli, car)
        await writeFileAtomically(target, car)
        const cid = await storage.resolve(ref, { signal })
        await output.result({ ref, cid, path: target }, cli.flags.quiet === true ? '' : target)
      }),
    )
}
