import type { VerifyReport } from '@stowage/core'
import type { Command } from 'commander'
import type { Cli, Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { EXIT } from '../failure.ts'

interface Flags {
  readonly repair?: true
}

export function verify(program: Command, run: Run): void {
  program
    .command('verify')
    .description('Hash again what is stored: one blob, or everything. Ends with 4 when something is damaged.')
    .argument('[ref]')
    .option('--repair', 'fetch what is damaged from the far tiers')
    .addHelpText('after', examples('verify', 'verify whisper/base --repair'))
    .action((ref: string | undefined, flags: Flags) => run((cli) => verifyAll(cli, ref, flags)))
}

async function verifyAll(
  { open, output, signal, flags }: Cli,
  ref: string | undefined,
  { repair }: Flags,
): Promise<number> {
  const storage = await open()
  let checked = 0
  let damaged = 0
  for await (const report of storage.verify(ref, { repair, signal })) {
    checked++
    if (!report.ok) damaged++
    await output.result(report.ok ? report : { ...report, code: 'integrity' }, report.ok ? '' : describe(report))
  }
  if (!output.json && flags.quiet !== true) await output.result({}, `${checked} checked, ${damaged} damaged`)
  return damaged > 0 ? EXIT.damage : EXIT.ok
}

function describe({ cid, problems }: VerifyReport): string {
  return `${cid}  damaged: ${problems?.join(' ') ?? 'unknown'}`
}
