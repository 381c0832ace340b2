import { constants, fstatSync } from 'node:fs'
import { mkdir, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { hashPool, throwIfAborted, type Outboard } from '@stowage/core/spi'
import { closeFd, openFd, readAt, readIfThere, statIfThere, syncFd } from './files.ts'
import { checkAndWriteLeaf, checkLeaf, checkLeafInFile } from './leaves.ts'
import { countedBytes, partialBitmap } from './partial-bitmap.ts'
import { createWindow } from './window.ts'

/** The files of a partial blob: `data`, where every leaf has its place, and `bitmap`, which says which leaves are there. */
export interface PartialFile {
  readonly dataPath: string
  has(leaf: number): boolean
  /** Keeps a leaf. False: these are not its bytes, and nothing changed. */
  take(leaf: number, bytes: Uint8Array): Promise<boolean>
  read(leaf: number): Promise<Uint8Array>
  forget(leaf: number): Promise<void>
  /** Makes the data durable. */
  sync(): Promise<void>
  close(): Promise<void>
}

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
  return countedBytes(await readIfThere(join(folder, 'bitmap')))
}

function partialFile(dataPath: string, data: number, bitmap: number, outboard: Outboard): PartialFile {
  const { leaves } = outboard
  const { has, mark, settle } = partialBitmap(bitmap, leaves)
  /** Leaves that are being written: a second copy waits, and must not lie over a good first one when it is wrong. */
  const writing = new Map<number, Promise<boolean>>()

  async function take(leaf: number, bytes: Uint8Array): Promise<boolean> {
    while (writing.has(leaf)) await writing.get(leaf)?.catch(() => {})
    if (has(leaf)) return checkLeaf(outboard, leaf, bytes)
    const written = checkAndWriteLeaf(outboard, leaf, bytes, data)
    writing.set(leaf, written)
    try {
      if (!(await written)) return false
    } finally {
      writing.delete(leaf)
    }
    await mark(leaf, true)
    return true
  }

  return {
    dataPath,
    has,
    take,
    read: async (leaf) => {
      const bytes = new Uint8Array(leaves.length(leaf))
      const count = await readAt(data, bytes, leaves.offset(leaf))
      return bytes.subarray(0, count)
    },
    forget: (leaf) => mark(leaf, false),
    sync: () => syncFd(data),
    close: async () => {
      await settle()
      await closeFd(data)
      await closeFd(bitmap)
    },
  }
}

async function recheck(file: PartialFile, data: number, outboard: Outboard, signal: AbortSignal): Promise<void> {
  const { leaves } = outboard
  const { size } = fstatSync(data)
  const window = createWindow<void>(2 * hashPool().size, () => {})
  const check = async (leaf: number): Promise<void> => {
    const whole = leaves.offset(leaf) + leaves.length(leaf) <= size
    if (!whole || !(await checkLeafInFile(outboard, leaf, data))) await file.forget(leaf)
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
