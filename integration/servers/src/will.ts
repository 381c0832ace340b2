import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'

let pipe: Writable | undefined

/** Tells the process that cleans up after this one, however this one ends. */
function tell(message: { readonly group?: number; readonly gone?: number; readonly folder?: string }): void {
  pipe ??= hire()
  pipe.write(`${JSON.stringify(message)}\n`)
}

function hire(): Writable {
  const script = join(import.meta.dirname, 'undertaker.ts')
  const undertaker = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    detached: true,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  undertaker.unref()
  // Neither keeps this process alive.
  if (undertaker.stdin instanceof Socket) undertaker.stdin.unref()
  return undertaker.stdin
}

/** A new temp folder, which is removed when this process ends, if not before. */
export function temporaryFolder(name: string): { readonly path: string; remove(): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), `stowage-${name}-`))
  tell({ folder: path })
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }) }
}

/** A process group that is killed when this process ends, if it is not gone by then. */
export function buryWithMe(group: number): { gone(): void } {
  tell({ group })
  return { gone: () => tell({ gone: group }) }
}
