import type { PutResult, StorageWrapper } from '@stowage/core'
import type { Command } from 'commander'
import type { Cli, Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { CliError, EXIT } from '../failure.ts'
import { printable } from '../format.ts'
import { tierArgument, tierLines } from '../tiers.ts'

interface Flags {
  readonly to?: readonly string[]
}

export function replicate(program: Command, run: Run): void {
  program
    .command('replicate')
    .description('Copy stored content to far tiers now. Ends with 1 when one of them did not get it.')
    .argument('<ref>')
    .option('--to <name>', 'only to this tier; may be given again (default: all that take blobs)', tierArgument)
    .addHelpText('after', examples('replicate whisper/base', 'replicate bafybei… --to s3 --to ipfs'))
    .action((ref: string, flags: Flags) => run((cli) => replicateRef(cli, ref, flags)))
}

async function replicateRef(cli: Cli, ref: string, { to }: Flags): Promise<number> {
  const storage = await cli.open()
  const { signal, output, flags } = cli
  const cid = await storage.resolve(ref, { signal })
  const tiers = await storage.replicate(cid, { to, signal })
  if (Object.keys(tiers).length === 0) throw nowhere(storage)
  await output.result({ ref, cid, tiers }, flags.quiet === true ? '' : `${cid}  ${printable(ref)}${tierLines(tiers)}`)
  return failed(tiers) ? EXIT.failure : EXIT.ok
}

const failed = (tiers: PutResult['tiers']): boolean => Object.values(tiers).some(({ status }) => status === 'failed')

function nowhere({ gate }: StorageWrapper): CliError {
  return gate.open
    ? new CliError('unsupported', 'There is no far tier that takes blobs.')
    : new CliError('gated', `The gate is closed (${gate.detail}): nothing leaves this machine.`)
}
