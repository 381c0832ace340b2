import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { printable } from '../format.ts'

export function pins(program: Command, run: Run): void {
  program
    .command('pins')
    .description('List what is pinned.')
    .addHelpText('after', examples('pins', 'pins --json'))
    .action(() =>
      run(async ({ open, output, signal }) => {
        const storage = await open()
        for await (const pin of storage.pins({ signal })) {
          await output.result(pin, `${pin.cid}  ${pin.createdAt.toISOString()}  ${printable(pin.name ?? '')}`.trimEnd())
        }
      }),
    )
}
