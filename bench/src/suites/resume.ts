import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe } from '../far/blob-about.ts'
import { withOrigins, type Origin } from '../far/start-origin.ts'
import { type Bench, type Suite } from '../suite.ts'

const BLOB = 'the blob'
const KILLS = 10
/** Slow enough that there is something to kill. */
const RATE = 200e6

/** Fetches in processes of their own, of which ten are killed on the way; the figure is what the source sent in all. */
async function killed({ size, file, folder, store, measure }: Bench): Promise<number> {
  return withOrigins([{ file, about: store(BLOB), rate: RATE }], async ([origin]) => {
    if (origin === undefined) throw new Error('There is no source.')
    const start = (): ReturnType<typeof spawn> =>
      spawn(process.execPath, [join(import.meta.dirname, '../far/fetch-once.js'), folder, store(BLOB), origin.url], {
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    await measure(async () => {
      for (let kill = 1; kill <= KILLS; kill++) await killAt(start(), origin, (size * kill) / (KILLS + 1))
      const [code] = (await once(start(), 'exit')) as [number | null]
      if (code !== 0) throw new Error(`The last fetch ended with ${code}.`)
    })
    return (await origin.moved()) / size
  })
}

async function killAt(child: ReturnType<typeof spawn>, origin: Origin, bytes: number): Promise<void> {
  const ended = once(child, 'exit')
  while ((await origin.moved()) < bytes && child.exitCode === null) await sleep(1)
  child.kill('SIGKILL')
  await ended
}

const OURS = 'stowage, ten times kill -9'

export const resume: Suite = {
  title: 'Bytes moved by a fetch that is killed ten times on its way',
  figure: { unit: '× its size', better: 'less', of: () => NaN },
  rows: { [OURS]: killed },
  ratios: [],
  limits: [{ row: OURS, of: 'figure', atMost: 1.1, goal: 'P14' }],
  stores: { [BLOB]: ({ file, folder }) => describe(file, folder) },
  size: 2 ** 30,
}
