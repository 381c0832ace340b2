import { throwIfAborted, type Health } from '@stowage/core/spi'
import { strangeAnswer } from './errors.ts'
import type { Settings } from './options.ts'
import type { Rpc } from './rpc.ts'

export interface KuboHealth extends Health {
  /** Kubo's version. */
  readonly version?: string | undefined
  /** Bytes of the daemon's repository, and how many its configuration allows. */
  readonly repository?: { readonly bytes: number; readonly capacity: number } | undefined
}

export async function health(rpc: Rpc, { timeout: patience }: Settings, signal: AbortSignal): Promise<KuboHealth> {
  const startedAt = performance.now()
  try {
    const { Version } = await rpc.one({ name: 'version', patience, signal })
    if (typeof Version !== 'string') throw strangeAnswer(rpc.shown, 'named no version.')
    const latency = performance.now() - startedAt
    const options = { 'size-only': true }
    const { RepoSize, StorageMax } = await rpc.one({ name: 'repo/stat', options, patience, signal })
    const repository = { bytes: Number(RepoSize), capacity: Number(StorageMax) }
    return { reachable: true, latency, version: Version, repository }
  } catch (error) {
    throwIfAborted(signal)
    return { reachable: false, error }
  }
}
