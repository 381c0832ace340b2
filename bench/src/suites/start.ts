import { milliseconds, type Bench, type Suite } from '../suite.ts'

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

/** What the memory of the other rows is to be compared with. */
async function nothing({ measure }: Bench): Promise<void> {
  await measure(async () => {})
}

export const start: Suite = {
  title: 'Import and open, in a fresh process (goal P19: at most 60 ms and 70 MiB)',
  figure: milliseconds,
  rows: {
    "import 'stowage' + createStorage()": openStorage,
    "import 'multiformats'": importMultiformats,
    'Node itself': nothing,
  },
  ratios: [],
  size: 0,
}
