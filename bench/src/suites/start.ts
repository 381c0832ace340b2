import { peer } from '../peer.ts'
import { milliseconds, needing, type Bench, type Suite } from '../suite.ts'

async function openStorage({ folder, measure }: Bench): Promise<void> {
  const storage = await measure(async () => {
    const { createStorage } = await import('stowage')
    return createStorage({ dir: folder, config: false })
  })
  await storage.close()
}

async function importMultiformats({ measure }: Bench): Promise<void> {
  await measure(async () => import('multiformats'))
}

/** Not started: no sockets, no peers. */
async function createHelia({ measure }: Bench): Promise<void> {
  const helia = await measure(async () => {
    const { createHelia } = await peer<{ createHelia(options: object): Promise<{ stop(): Promise<void> }> }>('helia')
    return createHelia({ start: false })
  })
  await helia.stop()
}

/** What the memory of the other rows is to be compared with. */
async function nothing({ measure }: Bench): Promise<void> {
  await measure(async () => {})
}

const OURS = "import 'stowage' + createStorage()"

export const start: Suite = {
  title: 'Import and open, in a fresh process',
  figure: milliseconds,
  rows: {
    [OURS]: openStorage,
    "import 'multiformats'": importMultiformats,
    "import 'helia' + createHelia(), not started": needing(['helia'], createHelia),
    'Node itself': nothing,
  },
  ratios: [],
  limits: [
    { row: OURS, of: 'figure', atMost: 60, goal: 'P19' },
    { row: OURS, of: 'peakMiB', atMost: 70, goal: 'P19' },
  ],
}
