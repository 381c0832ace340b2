import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { S3Options } from '../src/index.ts'

/** A process of its own that puts one blob, as `sample` makes it. */
export function startPut(options: S3Options, size: number, seed: string): ChildProcess {
  const program = fileURLToPath(new URL('put.ts', import.meta.url))
  const args = ['--conditions=@stowage/source', program, JSON.stringify(options), `${size}`, seed]
  return spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}
