import type { BlobInfo } from '@stowage/core'
import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { CliError } from '../failure.ts'
import { formatBytes, printable } from '../format.ts'

export function stat(program: Command, run: Run): void {
  program
    .command('stat')
    .description('Show what is known about content.')
    .argument('<ref>')
    .addHelpText('after', examples('stat whisper/base', 'stat sha256:9f86d0… --json'))
    .action((ref: string) =>
      run(async ({ open, output, signal }) => {
        const info = await (await open()).stat(ref, { signal })
        if (info === undefined) throw new CliError('not-found', `Nothing is stored under ${JSON.stringify(ref)}.`)
        await output.result(info, describe(info))
      }),
    )
}

function describe({ cid, size, names, pinned, tiers, aliases, createdAt, lastUsedAt, isDirectory }: BlobInfo): string {
  const rows: [string, string][] = [
    ['cid', cid.toString()],
    ['kind', isDirectory ? 'folder' : 'file'],
    ['size', `${formatBytes(size)} (${size})`],
    ['names', printable(names.join(', '))],
    ['pinned', pinned ? 'yes' : 'no'],
    ['aliases', aliases.join(', ')],
    ['tiers', tiers.join(', ')],
    ['created', createdAt.toISOString()],
    ['last used', lastUsedAt.toISOString()],
  ]
  return rows.map(([title, value]) => `${title.padEnd(10)}${value}`.trimEnd()).join('\n')
}
