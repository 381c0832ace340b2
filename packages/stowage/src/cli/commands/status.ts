import type { BackendStatus, StorageStatus, TierCopies } from '@stowage/core'
import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { formatBytes, printable } from '../format.ts'

export function status(program: Command, run: Run): void {
  program
    .command('status')
    .description('Show how things stand: mode and why, backends as probed now, sizes.')
    .addHelpText('after', examples('status', 'status --json'))
    .action(() =>
      run(async ({ open, output, signal }) => {
        const status = await (await open()).status({ signal })
        await output.result(status, describe(status))
      }),
    )
}

function describe({ mode, gate, backends, usage, outbox, rules, unknownKeys }: StorageStatus): string {
  return [
    `mode      ${mode} (${gate.reason}: ${gate.detail})`,
    `stored    ${usage.blobs} blobs, ${usage.directories} folders, ${formatBytes(usage.bytes)}; ${formatBytes(usage.partialBytes)} on their way in`,
    ...backends.map((backend) => `backend   ${backendText(backend)}`),
    ...Object.entries(outbox.tiers).map(([name, copies]) => `copies    ${copiesText(name, copies)}`),
    ...(outbox.oldest === undefined ? [] : [`          the oldest is waiting since ${outbox.oldest.toISOString()}`]),
    ...(rules === undefined
      ? []
      : [`rules     on: ${rules.seeded} seeded and ${rules.cooled} cooled since it was opened`]),
    ...(unknownKeys.length > 0 ? [`unknown   ${unknownKeys.join(', ')}`] : []),
  ].join('\n')
}

function backendText({ name, reachable, latency, error, lastError }: BackendStatus): string {
  const state = reachable ? 'reachable' : 'not reachable'
  const took = latency === undefined || !reachable ? '' : `, ${latency.toFixed(1)} ms`
  const why = error === undefined ? '' : `: ${error.message} (${error.code})`
  const last = lastError === undefined ? '' : `; last copy: ${lastError.message} (${lastError.code})`
  return `${name}: ${state}${took}${why}${last}`
}

function copiesText(name: string, { stored, bytes, queued, failed }: TierCopies): string {
  return `${printable(name)}: ${stored} stored (${formatBytes(bytes)}), ${queued} to be made, ${failed} failed`
}
