import type { BlobInfo, DirectoryItem } from '@stowage/core'
import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { formatBytes, printable } from '../format.ts'

interface Flags {
  readonly prefix?: string
  readonly pinned?: true
}

export function ls(program: Command, run: Run): void {
  program
    .command('ls')
    .description('List what is stored, or what a stored folder holds.')
    .argument('[ref]', 'a stored folder')
    .option('--prefix <text>', 'only what has a name that begins so')
    .option('--pinned', 'only what is pinned')
    .addHelpText('after', examples('ls', 'ls --prefix whisper/', 'ls whisper-base', 'ls bafybei…/onnx'))
    .action((ref: string | undefined, flags: Flags) =>
      run(async ({ open, output, signal }) => {
        const storage = await open()
        if (ref === undefined) {
          for await (const info of storage.list({ ...flags, signal })) await output.result(info, blobLine(info))
        } else {
          for await (const item of storage.ls(ref, { signal })) await output.result(item, itemLine(item))
        }
      }),
    )
}

function blobLine({ cid, size, names, pinned, isDirectory }: BlobInfo): string {
  return [
    cid,
    formatBytes(size).padStart(9),
    pinned ? 'pinned' : '      ',
    `${printable(names.join(', '))}${isDirectory ? '/' : ''}`,
  ]
    .join('  ')
    .trimEnd()
}

function itemLine({ cid, size, type, name }: DirectoryItem): string {
  return [cid, formatBytes(size).padStart(9), `${printable(name)}${type === 'directory' ? '/' : ''}`].join('  ')
}
