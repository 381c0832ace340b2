import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { formatBytes } from '../format.ts'
import { sizeArgument } from '../size-argument.ts'

export function gc(program: Command, run: Run): void {
  program
    .command('gc')
    .description('Remove what was deleted or abandoned; over a byte budget also what is worth least.')
    .option('--max-size <size>', 'byte budget, such as 10GB (default: that of the config file)', sizeArgument)
    .addHelpText('after', examples('gc', 'gc --max-size 50GB'))
    .action(({ maxSize }: { maxSize?: number }) =>
      run(async ({ open, output, signal }) => {
        const report = await (await open()).gc({ maxSize, signal })
        const { removed, freed, swept, remaining } = report
        await output.result(
          report,
          `${removed} removed, ${formatBytes(freed)} freed, ${swept} leftovers swept, ${formatBytes(remaining)} remain`,
        )
      }),
    )
}
