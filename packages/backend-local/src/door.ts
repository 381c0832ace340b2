import { closeSync, openSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createConnection, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { throwIfAborted, wait } from '@stowage/core/spi'
import { removeFile } from './files.ts'
import { tryLock, type FileLock } from './lock.ts'

/**
 * The lock of a partial blob, with a *door*: a socket in its folder. Who waits for the lock stands there, and learns at once
 * when the holder lets go, or dies: then the kernel closes the connection. Where there can be no socket, waiters look
 * again now and then.
 */
export interface DoorLock extends FileLock {
  /** Aborts when somebody stands at the door. Absent: there is none. */
  readonly contended?: AbortSignal | undefined
}

const NAME = 'door'
/** Milliseconds until a waiter looks again that found neither the lock free nor a door: its holder is about to open or to end. */
const RETRY = 20

export async function lockAtDoor(folder: string, signal: AbortSignal): Promise<DoorLock> {
  for (;;) {
    throwIfAborted(signal)
    const held = tryLock(`${folder}.lock`)
    if (held !== undefined) return openDoor(folder, held)
    if (!(await waitAtDoor(folder, signal))) await wait(RETRY * (0.5 + Math.random()), signal)
  }
}

async function openDoor(folder: string, held: FileLock): Promise<DoorLock> {
  const contended = new AbortController()
  const visitors = new Set<Socket>()
  const server = createServer((visitor) => {
    visitors.add(visitor)
    visitor
      .on('error', () => {})
      .on('close', () => visitors.delete(visitor))
      .unref()
      .resume()
    contended.abort()
  })
  const shut = await listen(server, folder).catch(() => undefined)
  /** The door goes while nobody else can make one; who stands there is sent away when the lock is free. */
  const around = (letGo: () => void): void => {
    shut?.()
    letGo()
    for (const visitor of visitors) visitor.destroy()
  }
  return {
    contended: shut && contended.signal,
    release: () => around(held.release),
    abandon: () => around(held.abandon),
  }
}

/** Answers how to stop, which removes the socket by the path that it was made under. What an earlier holder left there goes. */
async function listen(server: Server, folder: string): Promise<() => void> {
  await mkdir(folder, { recursive: true })
  const door = doorOf(folder)
  try {
    removeFile(join(folder, NAME))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(door.path, resolve)
    })
  } catch (error) {
    door.close()
    throw error
  }
  server.on('error', () => {}).unref()
  return () => {
    server.close()
    door.close()
  }
}

/** True when a holder was there, and is gone. */
async function waitAtDoor(folder: string, signal: AbortSignal): Promise<boolean> {
  let door: Door
  try {
    door = doorOf(folder)
  } catch {
    return false
  }
  try {
    return await new Promise<boolean>((resolve, reject) => {
      let entered = false
      const leave = (): void => {
        socket.destroy()
        reject(signal.reason)
      }
      const socket = createConnection(door.path, () => (entered = true))
        .on('error', () => {})
        .on('close', () => {
          signal.removeEventListener('abort', leave)
          resolve(entered)
        })
      socket.resume()
      signal.addEventListener('abort', leave, { once: true })
    })
  } finally {
    door.close()
  }
}

interface Door {
  readonly path: string
  close(): void
}

/** The path of a socket may have 107 bytes, and folders lie deep: Linux has a short way to what is open. */
function doorOf(folder: string): Door {
  if (process.platform !== 'linux') return { path: join(folder, NAME), close() {} }
  const fd = openSync(folder, 'r')
  return { path: `/proc/self/fd/${fd}/${NAME}`, close: () => closeSync(fd) }
}
