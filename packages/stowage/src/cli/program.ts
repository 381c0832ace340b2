import { createRequire } from 'node:module'
import { Command } from 'commander'
import type { Run } from './cli.ts'
import { cat } from './commands/cat.ts'
import { doctor } from './commands/doctor.ts'
import { exportCar } from './commands/export.ts'
import { gc } from './commands/gc.ts'
import { get } from './commands/get.ts'
import { history } from './commands/history.ts'
import { importCar } from './commands/import.ts'
import { ls } from './commands/ls.ts'
import { name } from './commands/name.ts'
import { pin } from './commands/pin.ts'
import { pins } from './commands/pins.ts'
import { providers } from './commands/providers.ts'
import { put } from './commands/put.ts'
import { replicate } from './commands/replicate.ts'
import { resolve } from './commands/resolve.ts'
import { rm } from './commands/rm.ts'
import { stat } from './commands/stat.ts'
import { status } from './commands/status.ts'
import { unpin } from './commands/unpin.ts'
import { verify } from './commands/verify.ts'
import { EXIT_HELP } from './failure.ts'

const COMMANDS = [
  put,
  get,
  cat,
  ls,
  stat,
  rm,
  pin,
  unpin,
  pins,
  name,
  resolve,
  history,
  verify,
  gc,
  replicate,
  providers,
  status,
  importCar,
  exportCar,
  doctor,
]

/** The table of contents. Nothing heavy is loaded until a command runs. */
export function buildProgram(run: Run): Command {
  const program = new Command('stowage')
    .description('Storage for AI inference: weights and results by content id, verified.')
    .usage('<command> [options]')
    .version(version(), '-V, --version')
    .option('--dir <folder>', 'folder of the store (default: STOWAGE_DIR, then the config file, then ~/.cache/stowage)')
    .option('--config <file>', 'config file (default: stowage.config.{yaml,yml,json,ts} in this folder)')
    .option('--no-config', 'read no config file')
    .option('--local', 'use nothing but this machine')
    .option('--json', 'results as JSON, one document or one line each; a failure is a line with its code')
    .option('-q, --quiet', 'results and errors only')
    .option('--no-progress', 'show no progress')
    .option('--verbose', 'tell what happens; errors with their stack')
    .addHelpText(
      'after',
      `\nA REF is a CID, ipfs://…, /ipfs/…[/path], <cid>/path, sha256:<hex>, or a name. One that begins\nwith a dash goes behind two dashes: stowage stat -- -odd-name\n${EXIT_HELP}`,
    )
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError() {} })
    .showSuggestionAfterError(true)
    .exitOverride()
  for (const command of COMMANDS) command(program, run)
  return program
}

function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('stowage/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown'
}
