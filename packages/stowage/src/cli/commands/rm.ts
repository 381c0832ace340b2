import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { CliError } from '../failure.ts'

export function rm(program: Command, run: Run): void {
  program
    .command('rm')
    .description('Remove content and its names from this machine.')
    .argument('<ref...>')
    .option('-f, --force', 'also what is pinned, or part of a stored folder')
    .addHelpText('after', examples('rm whisper/base', 'rm --force bafkrei… bafybei…'))
    .action((refs: string[], { force }: { force?: true }) =>
      run(async ({ open, output, signal, flags }) => {
        const storage = await open()
        const absent: string[] = []
        for (const ref of refs) {
          const deleted = await storage.delete(ref, { force, signal })
          if (!deleted) absent.push(ref)
          await output.result({ ref, deleted }, deleted && flags.quiet !== true ? `removed ${ref}` : '')
        }
        if (absent.length > 0)
          throw new CliError('not-found', `Not stored: ${absent.map((ref) => JSON.stringify(ref)).join(', ')}.`)
      }),
    )
}
