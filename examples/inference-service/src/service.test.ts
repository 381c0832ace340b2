import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { reference, sampleInput, tinyNetwork, writeModel } from '@stowage-examples/tiny-model'
import { createStorage, StorageError, type StorageWrapper } from 'stowage'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type Service } from './service.ts'

const network = tinyNetwork()
const input = sampleInput(network)
const expected = reference(network, input)

let folder: string
let storage: StorageWrapper
let cid: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inference-service-'))
  storage = await createStorage({ dir: join(folder, 'storage'), config: false })
  await writeModel(join(folder, 'model'), network)
  const put = await storage.putDirectory(join(folder, 'model'), { name: 'org/tiny@v1' })
  cid = String(put.cid)
})
afterAll(async () => {
  await storage.close()
  await rm(folder, { recursive: true, force: true })
})

async function withService(model: string, use: (service: Service, log: string[]) => Promise<void>): Promise<void> {
  const log: string[] = []
  const service = await startService({ storage, model, log: (line) => log.push(line) })
  try {
    await use(service, log)
  } finally {
    await service.close()
  }
}

async function infer(
  url: string,
  body: string,
): Promise<{ status: number; answer: { output?: number[]; model?: string } }> {
  const response = await fetch(`${url}/infer`, { method: 'POST', body })
  return { status: response.status, answer: (await response.json()) as { output?: number[]; model?: string } }
}

describe('the inference service', () => {
  it.each([
    ['a name', () => 'org/tiny@v1'],
    ['a CID', () => cid],
  ])('finds its weights by %s, and says which they are', async (_, model) => {
    await withService(model(), async ({ url }, log) => {
      expect(log.join('\n')).toContain(cid)
      const health = await fetch(`${url}/health`)
      expect(await health.json()).toMatchObject({ status: 'ok', model: cid })

      const { status, answer } = await infer(url, JSON.stringify({ input: Array.from(input) }))
      expect(status).toBe(200)
      expect(answer.model).toBe(cid)
      expect(answer.output).toHaveLength(expected.length)
      for (const [index, value] of (answer.output ?? []).entries()) expect(value).toBeCloseTo(expected[index] ?? NaN, 4)
    })
  })

  it.each(['', '{', 'null', '{}', '{"input":[1]}', JSON.stringify({ input: Array.from({ length: 512 }, () => 'x') })])(
    'refuses %j and goes on',
    async (body) => {
      await withService(cid, async ({ url }) => {
        expect((await infer(url, body)).status).toBe(400)
        expect((await infer(url, JSON.stringify({ input: Array.from(input) }))).status).toBe(200)
      })
    },
  )

  it('does not start without its weights', async () => {
    const error: unknown = await startService({ storage, model: 'org/absent' }).catch((reason: unknown) => reason)
    expect(StorageError.is(error, 'not-found')).toBe(true)
  })

  it('keeps the version it started with when the name moves', async () => {
    await withService('org/tiny@v1', async ({ url }) => {
      await writeModel(join(folder, 'model-2'), tinyNetwork(2))
      await storage.putDirectory(join(folder, 'model-2'), { name: 'org/tiny@v1' })
      const { answer } = await infer(url, JSON.stringify({ input: Array.from(input) }))
      expect(answer.model).toBe(cid)
      expect(answer.output?.[0]).toBeCloseTo(expected[0] ?? NaN, 4)
    })
  })

  it('runs as a process of its own and stops when told', async () => {
    const child = spawn(process.execPath, ['--conditions=@stowage/source', join(import.meta.dirname, 'main.ts'), cid], {
      env: { ...process.env, STOWAGE_DIR: join(folder, 'storage'), PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(child, 'exit')
    try {
      const lines: string[] = []
      for await (const line of createInterface({ input: child.stdout })) {
        lines.push(line)
        if (line.startsWith('listening on ')) break
      }
      expect(lines.join('\n')).toContain(cid)
      const url = lines.at(-1)?.slice('listening on '.length) ?? ''
      expect((await infer(url, JSON.stringify({ input: Array.from(input) }))).answer.model).toBe(cid)
    } finally {
      child.kill('SIGTERM')
    }
    expect(await exit).toEqual([0, null])
  })
})
