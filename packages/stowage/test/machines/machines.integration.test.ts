import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { machinesUnavailable, twoMachines, type Machine, type Program, type TwoMachines } from '@stowage/test-servers'
import { describeOn } from '@stowage/test-servers/shared'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { pattern } from '../storage/pattern.ts'

const MiB = 2 ** 20
const SIZE = 24 * MiB + 77
const script = (name: string): string => join(import.meta.dirname, `${name}.probe.ts`)
const sha256 = (size: number): string => createHash('sha256').update(pattern(size)).digest('hex')
const reason = machinesUnavailable()

interface Reached {
  readonly s3?: object
  readonly ipfs: object
  readonly gateways: string[]
  readonly address: string
}

describe.skipIf(reason !== undefined)(`two machines${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  let machines: TwoMachines
  beforeEach(async () => {
    machines = await twoMachines()
  })
  afterEach(() => machines.stop())

  const serve = async (kind: 'versitygw' | 'kubo', { run, address }: Machine): Promise<[Reached, Program]> => {
    const program = run(script('server'), kind, address)
    return [(await program.next()) as Reached, program]
  }
  const storage = async ({ run, folder }: Machine, backends: object, limit?: number): Promise<Program> => {
    const limits = limit === undefined ? [] : [String(limit)]
    const program = run(script('storage'), join(folder, 'store'), JSON.stringify(backends), ...limits)
    expect(await program.next()).toBe('open')
    return program
  }
  const put = async (program: Program, size: number): Promise<{ cid: string; tiers: object }> => {
    program.tell({ put: size })
    const { cid, ...said } = (await program.next()) as { cid: { '/': string }; tiers: object }
    return { cid: cid['/'], ...said }
  }
  /** What it says when it has all, and before that each time that more is there. */
  const get = async (program: Program, cid: string, meanwhile = async (_bytes: number) => {}): Promise<unknown> => {
    program.tell({ get: cid })
    for (;;) {
      const said = (await program.next()) as { bytes?: number }
      if (said.bytes === undefined) return said
      await meanwhile(said.bytes)
    }
  }

  test('with a node within each, one serves what the other fetches, by bitswap', async () => {
    const address = `/ip4/${machines.a.address}/tcp/4001`
    const first = await storage(machines.a, { helia: { listen: [address] } })
    const { cid } = await put(first, SIZE)
    first.tell({ probe: true })
    expect(await first.next()).toMatchObject([{ name: 'local' }, { name: 'helia', reachable: true }])
    const other = await storage(machines.b, { helia: { listen: [], peers: [address] } })
    expect(await get(other, cid)).toEqual({ sha256: sha256(SIZE) })
  })

  describeOn('versitygw', 'with an S3 server', () => {
    test('what one puts, the other gets', async () => {
      const [{ s3 }] = await serve('versitygw', machines.a)
      const { cid, tiers } = await put(await storage(machines.a, { s3 }), SIZE)
      expect(tiers).toEqual({ s3: 'stored' })
      expect(await get(await storage(machines.b, { s3 }), cid)).toEqual({ sha256: sha256(SIZE) })
    })
  })

  describeOn('kubo', 'with Kubo', () => {
    test('what one puts into its node, the other gets from there, by RPC and by its gateway', async () => {
      const [{ ipfs, gateways }] = await serve('kubo', machines.a)
      const { cid, tiers } = await put(await storage(machines.a, { ipfs }), SIZE)
      expect(tiers).toEqual({ ipfs: 'stored' })
      const byRpc = await storage({ ...machines.b, folder: join(machines.b.folder, 'rpc') }, { ipfs })
      expect(await get(byRpc, cid)).toEqual({ sha256: sha256(SIZE) })
      const byGateway = await storage({ ...machines.b, folder: join(machines.b.folder, 'gateway') }, { gateways })
      expect(await get(byGateway, cid)).toEqual({ sha256: sha256(SIZE) })
    })

    test('with a node each, the other one’s fetches it by bitswap', async () => {
      const [first] = await serve('kubo', machines.a)
      const [second, atSecond] = await serve('kubo', machines.b)
      atSecond.tell(first.address)
      expect(await atSecond.next()).toBe('connected')
      const { cid } = await put(await storage(machines.a, { ipfs: first.ipfs }), SIZE)
      const other = await storage(machines.b, { ipfs: { ...second.ipfs, search: '30s' } })
      expect(await get(other, cid)).toEqual({ sha256: sha256(SIZE) })
    })
  })

  describeOn(['versitygw', 'kubo'], 'with both', () => {
    test.each([
      ['is killed', (server: Program) => server.kill()],
      ['leaves the network', () => machines.cut()],
    ])('the one that has it %s midway: the other finishes from S3', async (_, leave) => {
      const size = 48 * MiB
      const [{ s3 }] = await serve('versitygw', machines.b)
      const [{ ipfs, gateways }, node] = await serve('kubo', machines.a)
      const { cid, tiers } = await put(await storage(machines.a, { ipfs, s3 }), size)
      expect(tiers).toEqual({ ipfs: 'stored', s3: 'stored' })
      const other = await storage(machines.b, { gateways, s3 }, 8 * MiB)
      let left: number | undefined
      const got = await get(other, cid, async (bytes) => {
        if (left !== undefined || bytes < size / 8) return
        left = bytes
        await leave(node)
      })
      expect(got).toEqual({ sha256: sha256(size) })
      expect(left).toBeLessThan(size)
    })
  })
})
