import { constants, fstatSync, writeSync } from 'node:fs'
import { mkdir, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { hashPool, throwIfAborted, type Outboard } from '@stowage/core/spi'
import { closeFd, openFd, readAt, readAtSync, readIfThere, statIfThere, syncFd, writeAt } from './files.ts'
import { checkLeafInFile } from './leaves.ts'
import { createWindow } from './window.ts'

/** The files of a partial blob: `data`, where every leaf has its place, and `bitmap`, which says which leaves are there. */
export interface PartialFile {
  readonly dataPath: string
  has(leaf: number): boolean
  /** Leaves whose bytes were checked. */
  write(leaf: number, bytes: Uint8Array): Promise<void>
  read(leaf: number): Promise<Uint8Array>
  forget(leaf: number): void
  /** Makes the data durable. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** The bitmap begins with how many bytes are there: eight bytes, little endian. Then a bit a leaf, lowest first. */
const HEADER = 8
/** Made if need be, never emptied. */
const IN_PLACE = constants.O_RDWR | constants.O_CREAT

/** Opens what is in the folder, or begins. What an earlier process left is hashed again: a crash of the machine may have lost it. */
export async function openPartialFile(folder: string, outboard: Outboard, signal: AbortSignal): Promise<PartialFile> {
  const dataPath = join(folder, 'data')
  await mkdir(folder, { recursive: true })
  // A publish that failed may have left it read-only.
  if (statIfThere(dataPath) !== undefined) await chmod(dataPath, 0o600)
  const data = await openFd(dataPath, IN_PLACE, 0o600)
  try {
    const bitmap = await openFd(join(folder, 'bitmap'), IN_PLACE, 0o600)
    try {
      const file = partialFile(dataPath, data, bitmap, outboard)
      await recheck(file, data, outboard, signal)
      return file
    } catch (error) {
      await closeFd(bitmap)
      throw error
    }
  } catch (error) {
    await closeFd(data)
    throw error
  }
}

/** Bytes that a partial blob in this folder holds. */
export async function partialBytes(folder: string): Promise<number> {
  const bitmap = await readIfThere(join(folder, 'bitmap'))
  return bitmap === undefined || bitmap.length < HEADER ? 0 : Number(Buffer.from(bitmap).readBigUInt64LE())
}

function partialFile(dataPath: string, data: number, bitmap: number, outboard: Outboard): PartialFile {
  const { leaves } = outboard
  const state = Buffer.alloc(HEADER + Math.ceil(leaves.count / 8))
  readAtSync(bitmap, state, 0)

  const at = (leaf: number): number => HEADER + (leaf >> 3)
  const bit = (leaf: number): number => 1 << (leaf & 7)
  const has = (leaf: number): boolean => ((state[at(leaf)] ?? 0) & bit(leaf)) !== 0
  function mark(leaf: number, there: boolean): void {
    if (has(leaf) === there) return
    state[at(leaf)] = (state[at(leaf)] ?? 0) ^ bit(leaf)
    const change = BigInt(leaves.length(leaf)) * (there ? 1n : -1n)
    state.writeBigUInt64LE(BigInt.asUintN(64, state.readBigUInt64LE() + change))
    writeSync(bitmap, state, at(leaf), 1, at(leaf))
    writeSync(bitmap, state, 0, HEADER, 0)
  }

  return {
    dataPath,
    has,
    write: async (leaf, bytes) => {
      if (has(leaf)) return
      await writeAt(data, bytes, leaves.offset(leaf))
      mark(leaf, true)
    },
    read: async (leaf) => {
      const bytes = new Uint8Array(leaves.length(leaf))
      const count = await readAt(data, bytes, leaves.offset(leaf))
      return bytes.subarray(0, count)
    },
    forget: (leaf) => mark(leaf, false),
    sync: () => syncFd(data),
    close: async () => {
      await closeFd(data)
      await closeFd(bitmap)
    },
  }
}

async function recheck(file: PartialFile, data: number, outboard: Outboard, signal: AbortSignal): Promise<void> {
  const { leaves } = outboard
  const { size } = fstatSync(data)
  const window = createWindow<{ leaf: number; good: boolean }>(2 * hashPool().size, ({ leaf, good }) => {
    if (!good) file.forget(leaf)
  })
  const check = async (leaf: number): Promise<{ leaf: number; good: boolean }> => {
    const whole = leaves.offset(leaf) + leaves.length(leaf) <= size
    return { leaf, good: whole && (await checkLeafInFile(outboard, leaf, data)) }
  }
  try {
    for (let leaf = 0; leaf < leaves.count; leaf++) {
      if (!file.has(leaf)) continue
      throwIfAborted(signal)
      await window.push(check(leaf))
    }
    await window.finish()
  } finally {
    await window.settle()
  }
}
