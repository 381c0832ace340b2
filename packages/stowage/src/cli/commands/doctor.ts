import type { Command } from 'commander'
import type { Cli, Run } from '../cli.ts'
import { examples } from '../examples.ts'
import { EXIT } from '../failure.ts'

export function doctor(program: Command, run: Run): void {
  program
    .command('doctor')
    .description('Check what Stowage needs here. Ends with 1 when something fails.')
    .addHelpText('after', examples('doctor', 'doctor --json'))
    .action(() => run(diagnose))
}

async function diagnose(cli: Cli): Promise<number> {
  const { findings } = await import('../doctor/findings.ts')
  let failed = false
  for await (const finding of findings(cli)) {
    failed ||= finding.state === 'fail'
    const { state, check, text } = finding
    await cli.output.result(finding, `${state.padEnd(4)}  ${check.padEnd(13)}  ${text}`)
  }
  return failed ? EXIT.failure : EXIT.ok
}
