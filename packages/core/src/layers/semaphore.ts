import { throwIfAborted } from '../errors/abort.ts'

export interface Semaphore {
  /** Waits for a slot, first come, first served. Gives what frees it; freeing it twice is fine. */
  acquire(signal?: AbortSignal): Promise<() => void>
}

/** Lets so many in at a time. A waiter whose signal aborts leaves the queue and rejects with `signal.reason`. */
export function semaphore(slots: number): Semaphore {
  let free = slots
  const queue = new Set<() => void>()

  const slot = () => {
    let held = true
    return () => {
      if (!held) return
      held = false
      const [first] = queue
      if (first === undefined) free += 1
      else first()
    }
  }

  return {
    async acquire(signal) {
      throwIfAborted(signal)
      if (free > 0) {
        free -= 1
        return slot()
      }
      return new Promise((resolve, reject) => {
        const enter = () => {
          queue.delete(enter)
          signal?.removeEventListener('abort', leave)
          resolve(slot())
        }
        const leave = () => {
          queue.delete(enter)
          reject(signal?.reason)
        }
        queue.add(enter)
        signal?.addEventListener('abort', leave, { once: true })
      })
    },
  }
}
