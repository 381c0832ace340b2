import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cacheFolder, trafficOf, trafficUnavailable, type Traffic } from '../src/index.ts'
import { describeOn } from '../src/shared/shared.ts'

const reason = trafficUnavailable()
const trafficOfUse = (use: string): Promise<Traffic> => {
  const env = { STOWAGE_SERVERS: cacheFolder() }
  return trafficOf(process.execPath, [join(import.meta.dirname, 'machine', 'traffic.ts'), use], env)
}
const addresses = (list: readonly string[]): string[] => [
  ...new Set(list.map((entry) => entry.split(' ')[0] as string)),
]

describe.skipIf(reason !== undefined)(`traffic${reason === undefined ? '' : ` (skipped: ${reason})`}`, () => {
  it('is seen', async () => {
    const { reached, bound } = await trafficOfUse('everything')
    expect(addresses(reached)).toEqual(['127.0.0.2', '::1'])
    expect(reached).toContain('::1 9')
    expect(addresses(bound)).toContain('127.0.0.2')
  })

  it('is none where there is none', async () => {
    expect(await trafficOfUse('nothing')).toEqual({ reached: [], bound: [] })
  })

  describeOn('kubo', 'of a Kubo that has something and looks for something', () => {
    it('stays on loopback', async () => {
      const { reached, bound } = await trafficOfUse('kubo')
      expect(addresses(reached)).toEqual(['127.0.0.1'])
      // Go binds those of IPv6 to see whether there is one.
      const loopback = ['127.0.0.1', '::1', '::ffff:127.0.0.1']
      expect(addresses(bound).filter((address) => !loopback.includes(address))).toEqual([])
      expect(addresses(bound)).toContain('127.0.0.1')
    })
  })
})
