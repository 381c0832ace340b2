import { content } from '../content.ts'

/** Choices that are the same for the same seed. */
export interface Random {
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

const BLOCK = 4096

export function random(seed: string): Random {
  let block = 0
  let at = BLOCK
  let bytes = Buffer.alloc(0)
  function fraction(): number {
    if (at + 4 > bytes.length) {
      bytes = Buffer.from(content(`${seed}/${block++}`, BLOCK))
      at = 0
    }
    const value = bytes.readUInt32LE(at) / 2 ** 32
    at += 4
    return value
  }
  const below = (limit: number): number => Math.floor(fraction() * limit)
  return { below, chance: (probability) => fraction() < probability, pick: (items) => items[below(items.length)]! }
}
