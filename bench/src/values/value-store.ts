import { createCipheriv, hash } from 'node:crypto'

export const IN_FLIGHT = 64

/** Something that keeps small values under their SHA-256, as a bench uses it. */
export interface ValueStore {
  /** Puts them all, 64 in flight or 64 in a batch, hashing included. */
  put(values: readonly Buffer[]): Promise<void>
  /** Prepares for reading values with these digests, by their number. */
  reader(digests: readonly Buffer[]): (index: number) => Promise<Uint8Array> | Uint8Array
  /** Whether `reader` checks what it gives out; otherwise the bench does. */
  readonly verifies: boolean
  close(): Promise<unknown>
}

export interface ValueStoreKind {
  readonly needs?: readonly string[]
  /** Values for one of these where a quick store gets this many: some would take minutes. Default 1. */
  readonly share?: number
  open(dir: string): Promise<ValueStore>
}

export function sha256(value: Uint8Array): Buffer {
  return hash('sha256', value, 'buffer')
}

/** Random values, the same ones each time, each in memory of its own. */
export function values(count: number, size: number, first = 0): Buffer[] {
  const counter = Buffer.alloc(16)
  // It counts blocks of 16 bytes.
  counter.writeBigUInt64BE((BigInt(first) * BigInt(size)) / 16n, 8)
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 3), counter)
  const zeros = Buffer.alloc(size)
  return Array.from({ length: count }, () => cipher.update(zeros))
}

/** Does all of it, so many at a time. What is done at once costs no promise. */
export async function inFlight(count: number, work: (index: number) => unknown): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (next < count) {
        const working = work(next++)
        if (working instanceof Promise) await working
      }
    }),
  )
}

/** Reads all of them once, without a pattern in the order. */
export async function readAll(store: ValueStore, digests: readonly Buffer[]): Promise<void> {
  const read = store.reader(digests)
  const check = (index: number, bytes: Uint8Array): void => {
    if (!store.verifies && digests[index]?.equals(sha256(bytes)) !== true) throw new Error(`value ${index} is damaged`)
  }
  await inFlight(digests.length, (turn) => {
    const index = (turn * STRIDE) % digests.length
    const bytes = read(index)
    return bytes instanceof Promise ? bytes.then((arrived) => check(index, arrived)) : check(index, bytes)
  })
}

/** A prime larger than most counts, so that every value comes up. */
const STRIDE = 1_000_003

export async function bytesOf(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  const [only] = chunks
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks)
}
