import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { CliError } from '../failure.ts'

export function unpin(program: Command, run: Run): void {
  program
    .command('unpin')
    .description('Let content go when room is needed.')
    .argument('<ref>')
    .addHelpText('after', examples('unpin whisper/base'))
    .action((ref: string) =>
      run(async ({ open, output, signal, flags }) => {
        const unpinned = await (await open()).unpin(ref, { signal })
        if (!unpinned) throw new CliError('not-found', `${JSON.stringify(ref)} is not pinned.`)
        await output.result({ ref, unpinned }, flags.quiet === true ? '' : `unpinned ${ref}`)
      }),
    )
}
