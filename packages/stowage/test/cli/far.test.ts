import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashContent } from '@stowage/core/spi'
import { gatewayServer } from '../far/gateway-server.ts'
import { ended, type Workshop, workshop } from './harness.ts'

const BYTES = Buffer.alloc(2 ** 20, 'far away ')

let shop: Workshop
beforeEach(async () => {
  shop = await workshop()
})
afterEach(() => shop[Symbol.asyncDispose]())

const configure = (backends: object, policy: object = {}): Promise<void> =>
  writeFile(shop.path('stowage.config.json'), JSON.stringify({ backends, policy }))

/** Where nobody listens. */
const NOWHERE = 'http://127.0.0.1:65534'
const s3 = (endpoint: string) => ({
  s3: { bucket: 'models', endpoint, credentials: { accessKeyId: 'a', secretAccessKey: 'very-secret' } },
})

async function cidOf(bytes: Uint8Array): Promise<string> {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return String((await hashContent(body())).cid)
}

describe('from a gateway', () => {
  test('get, with what it came from, and then from here', async () => {
    const cid = await cidOf(BYTES)
    const gateway = await gatewayServer({ [cid]: BYTES })
    await configure({ gateways: [gateway.url] })
    const got = await shop.run('get', cid, '-o', 'out')
    expect(got).toMatchObject({ code: 0, stdout: 'out\n' })
    expect(got.stderr).toContain(gateway.url)
    expect((await readFile(shop.path('out'))).equals(BYTES)).toBe(true)
    expect(await shop.json('status')).toMatchObject({
      code: 0,
      lines: [{ mode: 'distributed', backends: [{ name: 'local' }, { name: 'gateways', reachable: true }] }],
    })
    await gateway.leave()
    expect((await shop.run('cat', cid)).stdout).toBe(BYTES.toString())
    const away = await shop.json('cat', await cidOf(Buffer.from('another')))
    expect(away).toMatchObject({ code: 1, lines: [{ code: 'unavailable' }] })
    expect((await shop.run('status')).stdout).toMatch(/^backend +gateways: not reachable: .+\(unavailable\)$/m)
    expect((await shop.run('doctor')).stdout).toMatch(/^warn +gateways/m)
    expect(await shop.run('providers', cid)).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  test('cat, of what nobody has', async () => {
    const gateway = await gatewayServer({})
    await configure({ gateways: [gateway.url] })
    expect(await shop.json('cat', await cidOf(BYTES))).toMatchObject({ code: 3, lines: [{ code: 'not-found' }] })
    await gateway.leave()
  })
})

describe('to a store that is away', () => {
  test('put stores here, says what is still to be made, and ends well', async () => {
    await configure(s3(NOWHERE))
    await writeFile(shop.path('in'), 'x')
    const { code, stdout, stderr } = await shop.run('put', 'in', '--name', 'n')
    expect({ code, lines: stdout.split('\n').length }).toEqual({ code: 0, lines: 2 })
    expect(stderr).toContain('1 are still to be made')
    expect(stderr).not.toContain('very-secret')
    const [status] = (await shop.json('status')).lines
    expect(status).toMatchObject({ outbox: { queued: 1, failed: 0, tiers: { s3: { queued: 1, stored: 0 } } } })
    expect((await shop.run('status')).stdout).toMatch(/^copies +s3: 0 stored \(0 B\), 1 to be made, 0 failed$/m)
    expect((await shop.run('doctor')).stdout).toMatch(
      /^ok +copies +1 for far tiers still to be made, the oldest since /m,
    )
  })

  test.each([
    ['put', 'in', '--replicate', 'wait'],
    ['put', 'in', '--quorum', '1'],
    ['replicate', 'n', '--to', 's3'],
  ])('%j ends with 1 and says which', async (...args) => {
    await configure(s3(NOWHERE))
    await writeFile(shop.path('in'), 'x')
    await shop.run('put', 'in', '--name', 'n', '--replicate', 'none')
    const { code, stdout } = await shop.run(...args)
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ {2}s3: failed: .+\(unavailable\)$/m)
    expect((await shop.json(...args)).lines).toMatchObject([{ tiers: { s3: { status: 'failed' } } }])
  })

  test('--replicate none and background do not wait', async () => {
    await configure(s3(NOWHERE))
    await writeFile(shop.path('in'), 'x')
    expect(await shop.json('put', 'in', '--replicate', 'none')).toMatchObject({ code: 0, lines: [{ tiers: {} }] })
    const put = await shop.json('put', 'in', '--replicate', 'background')
    expect(put).toMatchObject({ code: 0, lines: [{ tiers: { s3: { status: 'queued' } } }] })
  })

  test('Ctrl-C while it copies: 130, and the copy is still to be made', async () => {
    let reached = (): void => {}
    const reaching = new Promise<void>((resolve) => (reached = resolve))
    const silent = createServer(() => reached())
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    await configure(s3(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`))
    await writeFile(shop.path('in'), 'x')
    const child = shop.start(['put', 'in', '--name', 'n'])
    const result = ended(child)
    await reaching
    child.kill('SIGINT')
    expect((await result).code).toBe(130)
    silent.close()
    await configure(s3(NOWHERE))
    expect((await shop.json('status')).lines).toMatchObject([{ outbox: { queued: 1, failed: 0 } }])
    expect((await shop.run('cat', 'n')).stdout).toBe('x')
  })

  test('with --local it is not even asked', async () => {
    await configure(s3(NOWHERE))
    await writeFile(shop.path('in'), 'x')
    expect(await shop.run('--local', '--no-progress', 'put', 'in')).toMatchObject({ code: 0, stderr: '' })
    expect((await shop.json('--local', 'status')).lines).toMatchObject([{ mode: 'local', outbox: { queued: 0 } }])
  })
})
