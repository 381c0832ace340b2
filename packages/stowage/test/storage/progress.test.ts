import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OnProgress, ProgressEvent, StorageWrapper } from '@stowage/core'
import { expect, test } from 'vitest'
import { all, onBoth, pattern, temporaryFolder } from './both.ts'

const BYTES = pattern(2_500_000)

type Work = (storage: StorageWrapper, options: { onProgress: OnProgress }, folder: string) => Promise<unknown>

const WORK: Record<string, Work> = {
  put: (storage, options) => storage.put(BYTES, options),
  putFile: (storage, options, folder) => storage.putFile(join(folder, 'in', 'f'), options),
  putDirectory: (storage, options, folder) => storage.putDirectory(join(folder, 'in'), options),
  bytes: (storage, options) => storage.get('f', options).bytes(),
  saveTo: (storage, options, folder) => storage.get('f').saveTo(join(folder, 'out'), { mode: 'copy', ...options }),
  'saveTo of a folder': (storage, options, folder) => storage.get('d').saveTo(join(folder, 'copy'), options),
  exportCar: (storage, options) => all(storage.exportCar('f', options)),
  verify: (storage, options) => all(storage.verify('f', options)),
}

onBoth('progress', (open) => {
  test.each(Object.entries(WORK))('%s: start first, end last, each once; every byte counts', async (name, work) => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'in'))
    await writeFile(join(folder, 'in', 'f'), BYTES)
    const storage = await open()
    await storage.put(BYTES, { name: 'f' })
    await storage.putDirectory(join(folder, 'in'), { name: 'd' })
    const events: ProgressEvent[] = []
    await work(storage, { onProgress: (event) => void events.push(event) }, folder)
    const types = events.map(({ type }) => type)
    expect([types[0], types.at(-1)]).toEqual(['start', 'end'])
    expect(types.slice(1, -1).every((type) => type === 'chunk')).toBe(true)
    expect(events.at(-1)).toMatchObject({ bytes: BYTES.length, layer: 'cache' })
    if (name !== 'verify') expect(events.at(-1)).toMatchObject({ total: BYTES.length, percent: 100, eta: 0 })
    if (name.startsWith('put')) expect(events[0]).toMatchObject({ bytes: 0, total: BYTES.length, percent: 0 })
  })

  test('stays silent where it fails', async () => {
    const storage = await open()
    const events: ProgressEvent[] = []
    const options = { onProgress: (event: ProgressEvent) => void events.push(event) }
    await expect(storage.put(BYTES, { ...options, expect: `sha256:${'0'.repeat(64)}` })).rejects.toMatchObject({
      code: 'integrity',
    })
    expect(events.map(({ type }) => type)).not.toContain('end')
  })
})
