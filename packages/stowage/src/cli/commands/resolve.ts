import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'

export function resolve(program: Command, run: Run): void {
  program
    .command('resolve')
    .description('Print the CID that a ref names.')
    .argument('<ref>')
    .addHelpText('after', examples('resolve whisper/base', 'resolve bafybeif…/onnx/encoder.onnx'))
    .action((ref: string) =>
      run(async ({ open, output, signal }) => {
        const cid = await (await open()).resolve(ref, { signal })
        await output.result({ ref, cid }, cid.toString())
      }),
    )
}
