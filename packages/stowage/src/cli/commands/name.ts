import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'

export function name(program: Command, run: Run): void {
  program
    .command('name')
    .description('Point a name at stored content. Where it pointed before stays in its history.')
    .argument('<name>')
    .argument('<ref>', 'what it is to point at')
    .option('--if-current <ref>', 'only if it points there now; none: only if there is no such name')
    .addHelpText('after', examples('name whisper/stable whisper/base', 'name lock bafkrei… --if-current none'))
    .action((name: string, ref: string, { ifCurrent }: { ifCurrent?: string }) =>
      run(async ({ open, output, signal, flags }) => {
        const storage = await open()
        await storage.name(name, ref, { ifCurrent: ifCurrent === 'none' ? null : ifCurrent, signal })
        const cid = await storage.resolve(name, { signal })
        await output.result({ name, cid }, flags.quiet === true ? '' : `${name} → ${cid}`)
      }),
    )
}
