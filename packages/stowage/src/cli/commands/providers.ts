import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { printable } from '../format.ts'

export function providers(program: Command, run: Run): void {
  program
    .command('providers')
    .description('List who else has content, as the far tiers say.')
    .argument('<ref>')
    .addHelpText('after', examples('providers whisper/base', 'providers bafybei… --json'))
    .action((ref: string) =>
      run(async ({ open, output, signal }) => {
        const storage = await open()
        for await (const provider of storage.providers(ref, { signal })) {
          const { id, addresses, backend } = provider
          await output.result(provider, printable([backend, id, ...addresses].join('  ')))
        }
      }),
    )
}
