import { describe, inject } from 'vitest'
import { unavailable, type ServerName } from '../catalog.ts'
import type { Servers } from './servers.ts'
import './setup.ts'

/** What a shared server gives: everything but its end. */
export type Shared<N extends keyof Servers> = Omit<Servers[N], 'stop'>

/**
 * The one server of its kind that all test files of this run use; started when it is first asked for. It holds what others
 * put: make a bucket of your own, put bytes of your own, and start another server for what changes or stops it.
 */
export async function shared<N extends keyof Servers>(name: N): Promise<Shared<N>> {
  const response = await fetch(`${inject('servers')}/${name}`)
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as Shared<N>
}

/** A `describe` that is skipped, with the reason in its name, where one of the servers is not installed. */
export function describeOn(servers: ServerName | readonly ServerName[], title: string, body: () => void): void {
  const reasons = [servers].flat().flatMap((name) => unavailable(name) ?? [])
  describe.skipIf(reasons.length > 0)(reasons.length > 0 ? `${title} (skipped: ${reasons.join('; ')})` : title, body)
}
