import {
  allFailed,
  StorageError,
  throwIfAborted,
  type Backend,
  type BlobRead,
  type CallOptions,
  type CID,
  type ReadOptions,
} from '@stowage/core/spi'
import { gatewayAddress, type GatewayAddress } from './address.ts'
import type { GatewayOptions } from './options.ts'
import { allProviders } from './providers.ts'
import { presetGateways } from './presets.ts'
import { gatewaySource } from './source.ts'
import { standing, type Standing } from './standing.ts'

interface Ranked {
  readonly backend: Backend
  readonly standing: Standing
}

/**
 * IPFS gateways, trustless: whatever they give is verified against the CID. Read-only. Each gateway is one of `sources`, named by
 * its URL. The whole asks them one after the other, the best first, by how they did so far. None named: `invalid-argument`.
 */
export function gateway(options: GatewayOptions): Backend {
  const { name = 'gateway', format = 'auto', routing = false } = options
  const ranked = gatewaysOf(options).map((address): Ranked => {
    const own = standing()
    return { backend: gatewaySource(address, { ...options, format, routing }, own), standing: own }
  })
  const sources = ranked.map(({ backend }) => backend)

  const best = (): Backend[] => {
    const now = performance.now()
    const scored = ranked.map(({ backend, standing: { score } }) => ({ backend, score: score(now) }))
    // Equal ones, and all that cool down, stay in the order in which they were named.
    return scored.sort((a, b) => (a.score === b.score ? 0 : a.score - b.score)).map(({ backend }) => backend)
  }

  /** What the first one gives that has it. `undefined` only when all said that they do not. */
  async function first<T>(
    operation: string,
    cid: CID,
    signal: AbortSignal | undefined,
    ask: (source: Backend) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    const failures: unknown[] = []
    for (const source of best()) {
      try {
        const found = await ask(source)
        if (found !== undefined) return found
      } catch (error) {
        throwIfAborted(signal)
        if (isOurs(error)) throw error
        if (!StorageError.is(error, 'not-found')) failures.push(error)
      }
    }
    if (failures.length === 0) return undefined
    throw allFailed(`No gateway of ${sources.length} could say.`, failures, { backend: name, operation, cid })
  }

  async function* bodyOf(found: Found, cid: CID, options: ReadOptions): AsyncGenerator<Uint8Array> {
    const { offset, length } = found.read
    const failures: unknown[] = []
    let given = 0
    for (const source of [found.source, ...best().filter((each) => each !== found.source)]) {
      try {
        const rest = { ...options, offset: offset + given, length: length - given }
        const { body } = given === 0 && source === found.source ? found.read : await source.read(cid, rest)
        for await (const chunk of body) {
          given += chunk.length
          yield chunk
        }
        return
      } catch (error) {
        throwIfAborted(options.signal)
        if (isOurs(error)) throw error
        failures.push(error)
      }
    }
    const message = `No gateway of ${sources.length} gave byte ${offset + given} of ${cid}.`
    throw allFailed(message, failures, { backend: name, operation: 'read', cid })
  }

  return {
    name,
    traits: { ranges: 'native', verifies: 'leaves', layer: 'ipfs' },
    sources,
    stat: (cid, options) => first('stat', cid, options?.signal, (source) => source.stat(cid, options)),
    read: async (cid, options = {}) => {
      const found = await first('read', cid, options.signal, async (source) => ({
        source,
        read: await source.read(cid, options),
      }))
      if (found === undefined)
        throw new StorageError('not-found', `No gateway of ${sources.length} has ${cid}.`, { backend: name, cid })
      return { ...found.read, body: bodyOf(found, cid, options) }
    },
    outboard: (cid, options) =>
      first('outboard', cid, options?.signal, async (source) => source.outboard?.(cid, options)),
    directory: (cid, options) =>
      first('directory', cid, options?.signal, async (source) => source.directory?.(cid, options)),
    ...(routing && {
      providers: (cid: CID, options?: CallOptions) => allProviders(sources, cid, { ...options, name }),
    }),
    // One that answers is enough: the others need not be waited for.
    health: async ({ signal } = {}) => {
      const enough = new AbortController()
      const asking = signal === undefined ? enough.signal : AbortSignal.any([signal, enough.signal])
      const failures: unknown[] = []
      const asked = sources.map(async (source) => {
        const health = await source.health({ signal: asking })
        if (health.reachable) return health
        failures.push(health.error)
        throw health.error
      })
      try {
        return await Promise.any(asked)
      } catch {
        throwIfAborted(signal)
        return { reachable: false, error: allFailed('No gateway can be reached.', failures, { backend: name }) }
      } finally {
        enough.abort()
      }
    },
    close: async () => {
      await Promise.all(sources.map((source) => source.close()))
    },
  }
}

interface Found {
  readonly source: Backend
  readonly read: BlobRead
}

/** Failures that another gateway would share: of the call, or of this backend. */
function isOurs(error: unknown): boolean {
  return (['closed', 'range', 'invalid-argument', 'invalid-cid'] as const).some((code) => StorageError.is(error, code))
}

function gatewaysOf({ gateways = [], preset }: GatewayOptions): GatewayAddress[] {
  const addresses = [...gateways, ...presetGateways(preset)].map(gatewayAddress)
  if (addresses.length > 0) return [...new Map(addresses.map((each) => [each.name, each])).values()]
  throw new StorageError('invalid-argument', 'Name gateways by their URLs, or a preset: none is asked by itself.')
}
