import type { Leaves } from '@stowage/core/spi'
import { readAtSync, writeAt } from './files.ts'

/** Which leaves of a partial blob are there, in a file: how many bytes they have (eight bytes, little endian), then a bit a leaf, lowest first. */
export interface PartialBitmap {
  has(leaf: number): boolean
  /** Resolves when the file says so. Leaves that are marked meanwhile are written together. */
  mark(leaf: number, there: boolean): Promise<void>
  /** Waits until nothing is being written. */
  settle(): Promise<void>
}

const HEADER = 8

export function partialBitmap(fd: number, leaves: Leaves): PartialBitmap {
  const state = Buffer.alloc(HEADER + Math.ceil(leaves.count / 8))
  readAtSync(fd, state, 0)
  const at = (leaf: number): number => HEADER + (leaf >> 3)
  const bit = (leaf: number): number => 1 << (leaf & 7)
  const has = (leaf: number): boolean => ((state[at(leaf)] ?? 0) & bit(leaf)) !== 0
  let changed = { from: state.length, to: HEADER }
  let writing: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function write(): Promise<void> {
    const { from, to } = changed
    changed = { from: state.length, to: HEADER }
    await writeAt(fd, state.subarray(from, to), from)
    await writeAt(fd, state.subarray(0, HEADER), 0)
  }

  async function afterThis(): Promise<void> {
    await writing?.catch(() => {})
    next = undefined
    writing = write()
    await writing
  }

  return {
    has,
    mark: async (leaf, there) => {
      if (has(leaf) === there) return
      state[at(leaf)] = (state[at(leaf)] ?? 0) ^ bit(leaf)
      const change = BigInt(leaves.length(leaf)) * (there ? 1n : -1n)
      state.writeBigUInt64LE(BigInt.asUintN(64, state.readBigUInt64LE() + change))
      changed = { from: Math.min(changed.from, at(leaf)), to: Math.max(changed.to, at(leaf) + 1) }
      await (next ??= afterThis())
    },
    settle: async () => {
      await Promise.allSettled([next, writing])
    },
  }
}

/** Bytes that such a file counts. */
export function countedBytes(bitmap: Uint8Array | undefined): number {
  return bitmap === undefined || bitmap.length < HEADER ? 0 : Number(Buffer.from(bitmap).readBigUInt64LE())
}
