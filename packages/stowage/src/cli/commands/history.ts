import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { CliError } from '../failure.ts'

export function history(program: Command, run: Run): void {
  program
    .command('history')
    .description('List where a name has pointed, newest first.')
    .argument('<name>')
    .addHelpText('after', examples('history whisper/stable'))
    .action((name: string) =>
      run(async ({ open, output, signal }) => {
        const storage = await open()
        let known = false
        for await (const { cid, at } of storage.history(name, { signal })) {
          known = true
          await output.result({ cid: cid ?? null, at }, `${at.toISOString()}  ${cid ?? '(removed)'}`)
        }
        if (!known) throw new CliError('not-found', `There is no name ${JSON.stringify(name)}.`)
      }),
    )
}
