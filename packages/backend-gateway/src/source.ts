import {
  assertRange,
  assertStorable,
  blockReader,
  cutRange,
  parseOutboard,
  RAW,
  serialiseOutboard,
  StorageError,
  throwIfAborted,
  type Backend,
  type BlobStat,
  type Body,
  type CID,
  type Outboard,
} from '@stowage/core/spi'
import type { GatewayAddress } from './address.ts'
import { rawBlocks, rawBlockSize } from './blocks.ts'
import { calls } from './calls.ts'
import { probe } from './health.ts'
import { http } from './http.ts'
import { modes } from './modes.ts'
import type { Format, HttpOptions } from './options.ts'
import { plainSize } from './plain.ts'
import { findProviders } from './providers.ts'
import { rangeBytes, type Gateway } from './range-bytes.ts'
import { site } from './site.ts'
import type { Standing } from './standing.ts'

export interface SourceOptions extends HttpOptions {
  readonly format: Format
  readonly routing: boolean
}

/** One gateway as a backend. Every failure carries its URL as `source`. */
export function gatewaySource(address: GatewayAddress, options: SourceOptions, standing: Standing): Backend {
  const { name } = address
  const { run, stream, close } = calls({ name, sourceOf: () => name, standing })
  const send = http(options)
  const place = site(send, standing)
  const able = modes(options.format)
  const fetchBlock = rawBlocks(place, address)
  const blocks = blockReader(async (cid, asked) => {
    const bytes = await fetchBlock(cid, asked)
    if (bytes !== undefined) able.gaveBlocks()
    return bytes
  })
  const gateway: Gateway = { address, site: place, modes: able, blocks }

  /** By blocks; by what a server of files gives, from a gateway that refuses those. */
  async function either<T>(byBlocks: () => Promise<T>, plainly: () => Promise<T>): Promise<T> {
    if (able.plain()) return plainly()
    try {
      return await byBlocks()
    } catch (error) {
      if (able.refused(error)) return plainly()
      throw error
    }
  }

  async function plainStat(cid: CID, signal: AbortSignal): Promise<BlobStat | undefined> {
    const size = await plainSize(place, address.content(cid), signal)
    return size === undefined ? undefined : { cid, size }
  }

  async function blockStat(cid: CID, signal: AbortSignal): Promise<BlobStat | undefined> {
    if (cid.code !== RAW) return blocks.stat(cid, { signal })
    const size = await rawBlockSize(place, address, cid, signal)
    if (size === 'unknown') return blocks.stat(cid, { signal })
    return size === undefined ? undefined : { cid, size }
  }

  async function outboardOf(cid: CID, signal: AbortSignal): Promise<Outboard> {
    const plainly = async (): Promise<Outboard> => {
      const stat = await plainStat(cid, signal)
      if (stat === undefined) throw new StorageError('not-found', `${name} does not have ${cid}.`, { cid })
      if (cid.code === RAW) return parseOutboard(serialiseOutboard(cid, []), cid, stat.size)
      throw new StorageError(
        'unsupported',
        `${name} gives no blocks, and without its outboard ${cid} cannot be verified.`,
      )
    }
    return either(async () => {
      const { size } = await blocks.read(cid, { length: 0, signal })
      return parseOutboard((await blocks.outboard(cid, { signal })) as Uint8Array, cid, size)
    }, plainly)
  }

  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves', layer: 'ipfs' },
    stat: async (cid, { signal } = {}) => {
      throwIfAborted(signal)
      assertStorable(cid)
      return run('stat', cid, signal, (own) =>
        either(
          () => blockStat(cid, own),
          () => plainStat(cid, own),
        ),
      )
    },
    read: async (cid, options = {}) => {
      throwIfAborted(options.signal)
      assertRange(options)
      assertStorable(cid)
      const outboard = await run('read', cid, options.signal, async (own) => options.outboard ?? outboardOf(cid, own))
      const range = cutRange(options, outboard.size)
      const body: Body = stream('read', cid, options.signal, (own) => rangeBytes(gateway, outboard, range, own))
      return { size: outboard.size, ...range, body }
    },
    outboard: async (cid, { signal } = {}) => {
      throwIfAborted(signal)
      assertStorable(cid)
      const plainly = async (own: AbortSignal): Promise<Uint8Array | undefined> =>
        cid.code === RAW && (await plainStat(cid, own)) !== undefined ? serialiseOutboard(cid, []) : undefined
      return run('outboard', cid, signal, (own) =>
        either(
          () => blocks.outboard(cid, { signal: own }),
          () => plainly(own),
        ),
      )
    },
    directory: async (cid, { signal } = {}) => {
      throwIfAborted(signal)
      assertStorable(cid)
      return run('directory', cid, signal, (own) =>
        either(
          () => blocks.directory(cid, { signal: own }),
          async () => undefined,
        ),
      )
    },
    ...(options.routing && {
      providers: (cid, { signal } = {}) =>
        stream('providers', cid, signal, (own) => findProviders(place, address, cid, own)),
    }),
    health: async ({ signal } = {}) =>
      run('health', undefined, signal, (own) =>
        probe(send, { url: address.probe(), name, files: options.format === 'plain' }, own),
      ),
    close,
  }
}
