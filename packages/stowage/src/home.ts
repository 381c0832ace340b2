import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from '@stowage/core'

export function homeOf(env: Environment): string {
  return env['HOME']?.trim() || homedir()
}

/** `~` and `~/…` as a shell reads them; configurations and variables do not pass through one. */
export function expandHome(path: string, env: Environment): string {
  return path === '~' || path.startsWith('~/') ? join(homeOf(env), path.slice(1)) : path
}
