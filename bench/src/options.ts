import { tmpdir } from 'node:os'
import { parseArgs } from 'node:util'
import { suites } from './suites/index.ts'

export const HELP: string = `usage: pnpm bench [SUITE...] [--rounds 5] [--size BYTES|256MiB|1GiB] [--count 100000] [--dir FOLDER] [--quick] [--no-peers] [--save]

Suites: ${Object.keys(suites).join(', ')}. Default: all. Rounds are interleaved, each row runs in its own process.
--size and --count stand in for what each suite would take: bytes of a large blob, number of small ones.
--quick runs everything once and small: it shows that the suites work, not what they measure.
--save writes bench/results/SUITE.json, which the docs quote; otherwise the JSON goes to .cache/bench.`

const QUICK = { rounds: 1, size: 16 * 2 ** 20, count: 500 }

export interface Options {
  readonly suites: readonly string[]
  readonly rounds: number
  readonly dir: string
  readonly save: boolean
  readonly peers: boolean
  /** Bytes for a suite that by itself takes `own`; 0 when it takes none. */
  sizeOf(own: number | undefined): number
  countOf(own: number | undefined): number | undefined
}

/** `undefined`: they make no sense, or ask for help. */
export function readOptions(args: readonly string[]): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options: {
        rounds: { type: 'string' },
        size: { type: 'string' },
        count: { type: 'string' },
        dir: { type: 'string', default: tmpdir() },
        quick: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: true },
        save: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    const { quick, save, help } = values
    const rounds = values.rounds === undefined ? (quick ? QUICK.rounds : 5) : whole(values.rounds)
    const size = values.size === undefined ? undefined : parseSize(values.size)
    const count = values.count === undefined ? undefined : whole(values.count)
    const names = positionals.length > 0 ? positionals : Object.keys(suites)
    if (help || (quick && save) || !names.every((name) => name in suites)) return undefined
    return {
      suites: names,
      rounds,
      save,
      dir: values.dir,
      peers: values.peers,
      sizeOf: (own) => (own === undefined ? 0 : (size ?? (quick ? Math.min(own, QUICK.size) : own))),
      countOf: (own) => count ?? (quick ? Math.min(own ?? QUICK.count, QUICK.count) : own),
    }
  } catch {
    return undefined
  }
}

function whole(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new TypeError(`${text} is no count`)
  return Number(text)
}

function parseSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+)\s*([KMG]iB)?$/.exec(text) ?? []
  if (digits === undefined) throw new TypeError(`${text} is no size`)
  return Number(digits) * ({ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }[unit] ?? 1)
}
