import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { CliError } from '../failure.ts'

export function pin(program: Command, run: Run): void {
  program
    .command('pin')
    .description('Keep content from eviction and deletion.')
    .argument('<ref>')
    .option('--label <text>', 'why it is pinned')
    .addHelpText('after', examples('pin whisper/base', 'pin bafybei… --label production'))
    .action((ref: string, { label }: { label?: string }) =>
      run(async ({ open, output, signal, flags }) => {
        const pinned = await (await open()).pin(ref, { name: label, signal })
        if (!pinned) throw new CliError('not-found', `Nothing is stored under ${JSON.stringify(ref)}.`)
        await output.result({ ref, pinned }, flags.quiet === true ? '' : `pinned ${ref}`)
      }),
    )
}
