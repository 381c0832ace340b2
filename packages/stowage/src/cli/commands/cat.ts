import type { StorageWrapper, StoredBlob } from '@stowage/core'
import type { Command } from 'commander'
import type { Cli, Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { fromFar } from '../progress.ts'
import { sizeArgument } from '../size-argument.ts'

interface Flags {
  readonly offset?: number
  readonly length?: number
}

export function cat(program: Command, run: Run): void {
  program
    .command('cat')
    .description('Write content to standard output.')
    .argument('<ref>', 'what to read')
    .option('--offset <bytes>', 'first byte wanted', sizeArgument)
    .option('--length <bytes>', 'bytes wanted', sizeArgument)
    .addHelpText('after', examples('cat whisper/base > model.onnx', 'cat bafkrei… --offset 1MiB --length 64KiB | xxd'))
    .action((ref: string, flags: Flags) =>
      run(async (cli) => {
        const storage = await cli.open()
        await writeContent(cli, part(contentOf(cli, storage, ref), flags))
      }),
    )
}

/** What comes from far away says how far it is; standard output is busy with the content. */
export function contentOf({ signal, progress }: Cli, storage: StorageWrapper, ref: string): StoredBlob {
  return storage.get(ref, { signal, onProgress: fromFar(progress(ref)) })
}

/** Gives bytes out at the reader's pace. */
export async function writeContent({ output }: Cli, content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of content) await output.bytes(chunk)
}

function part(blob: StoredBlob, { offset = 0, length }: Flags): StoredBlob {
  if (offset === 0 && length === undefined) return blob
  return blob.slice(offset, length === undefined ? undefined : offset + length)
}
