import * as fs from 'node:fs'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { StorageError } from '@stowage/core/spi'
import { readAtSync, removeFile, syncFolder } from '../files.ts'
import { STATE_AT, type State } from './record.ts'

/** Bytes of a pack at most, but for its last record. What is compacted at once, too. */
export const PACK_SIZE: number = 256 * 1024 * 1024
const VERSION = 1
const MARK = 'STOWPACK'
/** Mark, version, four bytes left free. */
export const PACK_HEADER = 16
const NAME = /^([0-9a-z]{9}-[0-9a-f]{16})\.pack$/

/** A pack, as one process knows it. */
export interface Pack {
  /** In this process. */
  readonly number: number
  readonly name: string
  /** Where the last known record ends. */
  end: number
  /** Bytes of the file when it was last looked at: what lies behind `end` was no record then. */
  seen: number
  /** Bytes that are known to be durable. */
  synced: number
  /** Records up to `end`, gone ones too, and the bytes of their blobs. */
  records: number
  bytes: number
}

/** Never used before, and later ones sort after earlier ones. */
export function newPackName(now: number): string {
  return `${now.toString(36).padStart(9, '0')}-${randomBytes(8).toString('hex')}`
}

export function packNameOf(file: string): string | undefined {
  return NAME.exec(file)?.[1]
}

export function packPath(folder: string, name: string): string {
  return join(folder, `${name}.pack`)
}

export function packLockPath(folder: string, name: string): string {
  return join(folder, `${name}.lock`)
}

/** An empty pack, durable. */
export function makePack(folder: string, name: string): void {
  const path = packPath(folder, name)
  const fd = fs.openSync(path, 'wx', 0o644)
  try {
    const header = Buffer.alloc(PACK_HEADER)
    header.write(MARK, 'latin1')
    header.writeUInt32LE(VERSION, MARK.length)
    fs.writeSync(fd, header)
    fs.fdatasyncSync(fd)
  } catch (error) {
    removeFile(path)
    throw error
  } finally {
    fs.closeSync(fd)
  }
  syncFolder(folder)
}

/** Opens a pack for reading and for marking records. `undefined`: what lies there never became one. */
export function openPack(folder: string, name: string): number | undefined {
  const path = packPath(folder, name)
  const fd = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK)
  const header = Buffer.alloc(PACK_HEADER)
  const length = readAtSync(fd, header, 0)
  if (length === PACK_HEADER && header.toString('latin1', 0, MARK.length) === MARK) {
    const version = header.readUInt32LE(MARK.length)
    if (version === VERSION) return fd
    fs.closeSync(fd)
    throw new StorageError(
      'unsupported',
      `${path} has version ${version}; this version of Stowage knows version ${VERSION}. Update Stowage, or use another folder.`,
      { source: path },
    )
  }
  fs.closeSync(fd)
  return undefined
}

/** Changes the state of a record. */
export function markRecord(fd: number, offset: number, state: State): void {
  fs.writeSync(fd, Buffer.of(state), 0, 1, offset + STATE_AT)
}

/** True when somebody removed the file: what is written to it now, nobody finds. */
export function isRemoved(fd: number): boolean {
  return fs.fstatSync(fd).nlink === 0
}

export function sizeOfFd(fd: number): number {
  return fs.fstatSync(fd).size
}
