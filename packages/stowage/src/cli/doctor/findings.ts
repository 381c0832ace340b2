import { statfs } from 'node:fs/promises'
import type { OutboxStatus } from '@stowage/core'
import { type Settings, settle } from '../../settings.ts'
import { prepareDir } from '../../dir.ts'
import type { Cli } from '../cli.ts'
import { formatBytes } from '../format.ts'
import { checkCatalog } from './catalog.ts'
import { canLink } from './links.ts'

export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'fail'
  readonly text: string
}

const LITTLE_SPACE = 1e9

/** Everything that is checked, each when its turn comes. What a failed check makes pointless is left out. */
export async function* findings(cli: Cli): AsyncGenerator<Finding> {
  yield nodeVersion()
  const settings = await attempt('configuration', () =>
    settle({ dir: cli.flags.dir, config: cli.flags.config, forceLocal: cli.flags.local }),
  )
  if ('state' in settings) {
    yield settings
    return
  }
  yield configuration(settings)
  yield gate(settings)
  const folder = await attempt('folder', () => prepareDir(settings.dir, cli.logger).then((dir) => ({ dir })))
  if ('state' in folder) {
    yield folder
    return
  }
  const { dir } = folder
  yield dir === settings.dir.dir
    ? { check: 'folder', state: 'ok', text: `${dir} can be written` }
    : { check: 'folder', state: 'warn', text: `${settings.dir.dir} cannot be written; ${dir} is used instead` }
  yield space(await statfs(dir))
  yield* links(await canLink(dir))
  yield await checkCatalog(dir)
  yield* backends(cli)
}

function nodeVersion(): Finding {
  return { check: 'node', state: 'ok', text: process.version }
}

function configuration({ configFile, unknownKeys }: Settings): Finding {
  const text = configFile ?? 'no config file'
  if (unknownKeys.length === 0) return { check: 'configuration', state: 'ok', text }
  return { check: 'configuration', state: 'warn', text: `${text}: unknown keys: ${unknownKeys.join(', ')}` }
}

function gate({ gate: { open, distributed, reason, detail } }: Settings): Finding {
  const text = `${open ? 'open' : 'closed'}, ${distributed ? 'distributed' : 'local'} (${reason}: ${detail})`
  return { check: 'gate', state: 'ok', text }
}

function space({ bavail, bsize }: { bavail: number; bsize: number }): Finding {
  const free = bavail * bsize
  return { check: 'disk space', state: free < LITTLE_SPACE ? 'warn' : 'ok', text: `${formatBytes(free)} free` }
}

function* links({ reflink, hardlink }: { reflink: boolean; hardlink: boolean }): Generator<Finding> {
  yield {
    check: 'reflinks',
    state: 'ok',
    text: reflink ? 'supported' : 'not supported here: files are copied or hard-linked',
  }
  yield hardlink
    ? { check: 'hard links', state: 'ok', text: 'supported' }
    : { check: 'hard links', state: 'warn', text: 'not supported here: folders of models take their space twice' }
}

async function* backends(cli: Cli): AsyncGenerator<Finding> {
  const status = await attempt('storage', async () => (await cli.open()).status({ signal: cli.signal }))
  if ('state' in status) {
    yield status
    return
  }
  for (const [index, { name, reachable, latency, error }] of status.backends.entries()) {
    // Only the near store, the first one, is needed.
    const bad = index === 0 ? 'fail' : 'warn'
    const text = reachable
      ? `reachable${latency === undefined ? '' : `, ${latency.toFixed(1)} ms`}`
      : (error?.message ?? 'not reachable')
    yield { check: name, state: reachable ? 'ok' : bad, text }
  }
  yield copies(status.outbox)
}

function copies({ queued, failed, oldest }: OutboxStatus): Finding {
  const since = oldest === undefined ? '' : `, the oldest since ${oldest.toISOString()}`
  const text = `${queued} for far tiers still to be made${since}, ${failed} failed`
  return { check: 'copies', state: failed > 0 ? 'warn' : 'ok', text }
}

async function attempt<T extends object>(check: string, work: () => Promise<T>): Promise<T | Finding> {
  try {
    return await work()
  } catch (error) {
    return { check, state: 'fail', text: error instanceof Error ? error.message : String(error) }
  }
}
