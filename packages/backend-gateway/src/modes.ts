import { StorageError, type LeafRange, type Outboard } from '@stowage/core/spi'
import type { Format } from './options.ts'

/** What a gateway turned out to be able to do. Found out by asking, once, and remembered. */
export interface Modes {
  /** True when it gives ranges of files and nothing else. */
  plain(): boolean
  /** Takes the failure of a request for blocks. True: from now on it is asked for ranges of files. */
  refused(error: unknown): boolean
  /** Blocks came. */
  gaveBlocks(): void
  /** Whether these leaves are to be asked for as CARs. */
  cars(outboard: Outboard, range: LeafRange): boolean
  /** Whether a CAR had all that it should have. */
  gaveCar(whole: boolean): void
}

/** CARs that may come short in a row before no more are asked for. */
const CHANCES = 2
/** With `auto`: leaves of at most so many bytes, on the average, and so many of them. */
const SMALL_LEAF = 512 * 1024
const FEW_LEAVES = 4

export function modes(format: Format): Modes {
  let plain = format === 'plain'
  let blocks = false
  let short = 0
  return {
    plain: () => plain,
    refused: (error) => {
      if (format === 'auto' && !blocks && StorageError.is(error, 'unsupported')) plain = true
      return plain
    },
    gaveBlocks: () => {
      blocks = true
    },
    cars: ({ leaves }, { first, last }) => {
      if (format === 'raw' || short >= CHANCES || last - first < 2) return false
      const mean = (leaves.offset(last) - leaves.offset(first)) / (last - first)
      return format === 'car' || (mean <= SMALL_LEAF && last - first >= FEW_LEAVES)
    },
    gaveCar: (whole) => {
      short = whole ? 0 : short + 1
    },
  }
}
