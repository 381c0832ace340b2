import { chosen, dear } from './chosen.ts'
import { greedyDual, lru, s3fifo, sieve, tinyLfu, type Policy } from './policies.ts'
import { simulate, type HitRates } from './simulate.ts'
import { traces } from './traces.ts'

/** Prints the tables of docs/decisions/eviction.md. */

const scale = { requests: 100_000, keys: 10_000, seed: 1 }

const policies: Readonly<Record<string, (budget: number) => Policy>> = {
  LRU: lru,
  SIEVE: sieve,
  'S3-FIFO': s3fifo,
  'W-TinyLFU': tinyLfu,
  'GDSF, 1/size': greedyDual({ worth: ({ size }, uses) => (uses * 2 ** 20) / size, window: 0, target: 1 }),
  'GDSF, cost/size': greedyDual({ worth: ({ size, cost }, uses) => (uses * cost) / size, window: 0, target: 1 }),
  chosen,
  'chosen, knowing costs': dear,
}

function table(title: string, rate: (rates: HitRates) => number): void {
  console.log(`\n| ${title} | ${Object.keys(traces).join(' | ')} |`)
  console.log(`| --- ${'| ---: '.repeat(results[0]?.rates.length ?? 0)}|`)
  for (const { name, rates } of results)
    console.log(`| ${name} | ${rates.map((one) => (100 * rate(one)).toFixed(1)).join(' | ')} |`)
}

const made = Object.values(traces).map((make) => make(scale))
const results = Object.entries(policies).map(([name, open]) => ({
  name,
  rates: made.map((trace) => simulate(trace, open)),
}))
table('blobs, %', ({ blobs }) => blobs)
table('bytes, %', ({ bytes }) => bytes)
table('cost saved, %', ({ cost }) => cost)
