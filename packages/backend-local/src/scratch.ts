import { unlinkSync } from 'node:fs'
import { StorageError, type Scratch } from '@stowage/core/spi'
import { closeFd, openFd, readAt, writeAt } from './files.ts'
import type { Session } from './session.ts'

/** A file without a name: it is gone with its descriptor, however the process ends. */
export async function scratch(session: Session): Promise<Scratch> {
  const path = session.owner.tmp()
  const fd = await openFd(path, 'wx+', 0o600)
  unlinkSync(path)
  const running = new Set<Promise<unknown>>()
  let size = 0
  let closed: Promise<void> | undefined

  const call = <T>(operation: string, work: () => Promise<T>): Promise<T> =>
    session.life.run({ operation }, undefined, async () => {
      if (closed !== undefined) throw new StorageError('closed', 'The scratch file is closed.')
      const promise = work()
      running.add(promise)
      try {
        return await promise
      } finally {
        running.delete(promise)
      }
    })
  const end = async (): Promise<void> => {
    release()
    await Promise.allSettled(running)
    await closeFd(fd)
  }
  const close = (): Promise<void> => (closed ??= end())
  const release = session.life.hold(close)

  return {
    append: (bytes) =>
      call('scratch.append', async () => {
        const position = size
        size += bytes.length
        await writeAt(fd, bytes, position)
        return position
      }),
    read: (position, length) =>
      call('scratch.read', async () => {
        if (!(position >= 0 && length >= 0 && position + length <= size)) {
          throw new StorageError('range', `The scratch file has ${size} bytes, not ${length} from ${position}.`)
        }
        const bytes = new Uint8Array(length)
        await readAt(fd, bytes, position)
        return bytes
      }),
    close,
  }
}
