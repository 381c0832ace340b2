import { normalOf, randomOf, zipfOf } from './random.ts'

export interface Item {
  readonly key: number
  /** Bytes. */
  readonly size: number
  /** What it takes to get it back, in bytes that could have been moved meanwhile. */
  readonly cost: number
  /** How many times dearer that is than usual. */
  readonly factor: number
}

export interface Trace {
  readonly items: Iterable<Item>
  /** Bytes that the cache may hold. */
  readonly budget: number
}

/** What is asked for. `requests` and `keys` scale it. */
export interface Scale {
  readonly requests: number
  readonly keys: number
  readonly seed: number
}

const KIB = 1024
const MIB = KIB * KIB
const GIB = KIB * MIB
/** A round trip of 20 ms at 50 MB/s. */
const ROUND_TRIP = MIB
/** Keys of sweeps lie above all others. */
const SWEPT = 1e9

type Sizes = (key: number) => number

const uniform: Sizes = () => 4 * MIB

/** Log-normal, median 1 MiB, between 1 KiB and 1 GiB; a key always has the same size. */
function mixed(seed: number): Sizes {
  return (key) => {
    const exponent = normalOf(randomOf(seed * 7919 + key * 31 + 1))()
    return Math.round(Math.min(GIB, Math.max(KIB, MIB * Math.exp(2.5 * exponent))))
  }
}

/** Every eighth blob comes from somewhere eight times slower. */
const slow = (key: number): number => (key % 8 === 3 ? 8 : 1)

function trace(sizes: Sizes, share: number, keys: readonly number[], factor: (key: number) => number): Trace {
  const items = new Map<number, Item>()
  for (const key of keys) {
    if (items.has(key)) continue
    const size = sizes(key)
    items.set(key, { key, size, cost: (ROUND_TRIP + size) * factor(key), factor: factor(key) })
  }
  const known = [...items.values()].filter(({ key }) => key < SWEPT)
  const budget = share * known.reduce((sum, { size }) => sum + size, 0)
  return { budget, items: keys.map((key) => items.get(key) as Item) }
}

const CACHED = 0.1

function zipf({ requests, keys, seed }: Scale): number[] {
  const next = zipfOf(randomOf(seed), keys, 0.9)
  // Ranks are spread over the keys, so that what is popular has nothing to do with its size or its cost.
  return Array.from({ length: requests }, () => spread(next(), keys))
}

/** Now and then somebody reads everything once: as many blobs as there are, none of them ever again. */
function zipfWithSweeps(scale: Scale): number[] {
  const { keys, requests } = scale
  const length = Math.round(2 * CACHED * keys)
  return zipf(scale).flatMap((key, index) => {
    if (index === 0 || index % Math.round(requests / 10) !== 0) return [key]
    return [key, ...Array.from({ length }, (_, swept) => SWEPT + index * keys + swept)]
  })
}

/** Round and round over half as much again as fits. */
function loop({ requests, keys }: Scale): number[] {
  const length = Math.round(1.5 * CACHED * keys)
  return Array.from({ length: requests }, (_, index) => index % length)
}

/** A tenth of the time each blob is as popular as another was before. */
function shifting({ requests, keys, seed }: Scale): number[] {
  const next = zipfOf(randomOf(seed), keys, 0.9)
  return Array.from({ length: requests }, (_, index) => {
    const phase = Math.floor((10 * index) / requests)
    return spread((next() + phase * 997) % keys, keys)
  })
}

function spread(rank: number, keys: number): number {
  return (rank * 7919) % keys
}

const one = (): number => 1

export const traces: Readonly<Record<string, (scale: Scale) => Trace>> = {
  'Zipf, one size': (scale) => trace(uniform, CACHED, zipf(scale), one),
  'Zipf and sweeps, one size': (scale) => trace(uniform, CACHED, zipfWithSweeps(scale), one),
  'loop, one size': (scale) => {
    const { items } = trace(uniform, 1, loop(scale), one)
    return { items, budget: CACHED * scale.keys * uniform(0) }
  },
  'shifting, one size': (scale) => trace(uniform, CACHED, shifting(scale), one),
  'Zipf, mixed sizes': (scale) => trace(mixed(scale.seed), CACHED, zipf(scale), one),
  'Zipf and sweeps, mixed sizes': (scale) => trace(mixed(scale.seed), CACHED, zipfWithSweeps(scale), one),
  'shifting, mixed sizes': (scale) => trace(mixed(scale.seed), CACHED, shifting(scale), one),
  'Zipf and sweeps, mixed sizes and costs': (scale) => trace(mixed(scale.seed), CACHED, zipfWithSweeps(scale), slow),
}
