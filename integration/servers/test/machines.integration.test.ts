import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { machinesUnavailable, twoMachines, type Program, type TwoMachines } from '../src/index.ts'
import { describeOn } from '../src/shared/shared.ts'

const script = (name: string): string => join(import.meta.dirname, 'machine', name)
const reason = machinesUnavailable()

describe.skipIf(reason !== undefined)(`two machines${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let machines: TwoMachines
  beforeEach(async () => {
    machines = await twoMachines()
  })
  afterEach(() => machines.stop())

  const ask = async (program: Program, url: unknown): Promise<unknown> => {
    program.tell(url)
    return program.next()
  }

  it('reach each other while the cable is in', async () => {
    const { a, b } = machines
    const [first, second] = [
      a.run(script('http.ts'), a.address, 'first'),
      b.run(script('http.ts'), b.address, 'second'),
    ]
    const [atFirst, atSecond] = [await first.next(), await second.next()]
    expect(await ask(first, atSecond)).toBe('second')
    expect(await ask(second, atFirst)).toBe('first')
    await machines.cut()
    expect(await ask(second, atFirst)).not.toBe('first')
    await machines.mend()
    await expect.poll(() => ask(second, atFirst), { timeout: 20_000 }).toBe('first')
  })

  it('reach nothing else', async () => {
    const here = createServer((_, response) => response.end('here')).listen(0, '127.0.0.1')
    await once(here, 'listening')
    const program = machines.a.run(script('http.ts'), machines.a.address, 'first')
    await program.next()
    expect(await ask(program, `http://127.0.0.1:${(here.address() as AddressInfo).port}`)).toBe('ECONNREFUSED')
    expect(await ask(program, 'http://192.0.2.1')).toBe('ENETUNREACH')
    here.close()
  })

  it('can be killed, and leave nothing', async () => {
    const program = machines.a.run(script('http.ts'), machines.a.address, 'first')
    await program.next()
    await program.kill()
    expect(await program.ended).toBe('SIGKILL')
    await expect(program.next()).rejects.toThrow('ended')
    await machines.stop()
    expect(existsSync(machines.a.folder)).toBe(false)
  })

  describeOn('kubo', 'with a Kubo on each', () => {
    it('pass blocks on', async () => {
      const { a, b } = machines
      const [first, second] = [
        a.run(script('kubo.ts'), a.address, 'from a'),
        b.run(script('kubo.ts'), b.address, 'from b'),
      ]
      const [atFirst, atSecond] = [await first.next(), await second.next()]
      expect(await ask(first, atSecond)).toBe('from b')
      expect(await ask(second, atFirst)).toBe('from a')
    })
  })
})
