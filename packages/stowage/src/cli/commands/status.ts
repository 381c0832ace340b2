import type { BackendStatus, StorageStatus } from '@stowage/core'
import type { Command } from 'commander'
import type { Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { formatBytes } from '../format.ts'

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

function describe({ mode, gate, backends, usage, unknownKeys }: StorageStatus): string {
  return [
    `mode      ${mode} (${gate.reason}: ${gate.detail})`,
    `stored    ${usage.blobs} blobs, ${usage.directories} folders, ${formatBytes(usage.bytes)}; ${formatBytes(usage.partialBytes)} on their way in`,
    ...backends.map((backend) => `backend   ${backendText(backend)}`),
    ...(unknownKeys.length > 0 ? [`unknown   ${unknownKeys.join(', ')}`] : []),
  ].join('\n')
}

function backendText({ name, reachable, latency, error }: BackendStatus): string {
  if (!reachable) return `${name}: not reachable${error === undefined ? '' : `: ${error.message} (${error.code})`}`
  return `${name}: reachable${latency === undefined ? '' : `, ${latency.toFixed(1)} ms`}`
}
