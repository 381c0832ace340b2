/** Keeps some work in flight and takes the results in order. */
export interface Window<T> {
  /** Waits while the window is full. */
  push(work: Promise<T>): Promise<void>
  /** Takes what is left. */
  finish(): Promise<void>
  /** Waits until nothing is in flight, whatever became of it. */
  settle(): Promise<void>
}

export function createWindow<T>(size: number, take: (result: T) => void): Window<T> {
  const flying: Promise<T>[] = []

  async function shrink(to: number): Promise<void> {
    while (flying.length > to) {
      const next = flying[0] as Promise<T>
      const result = await next
      void flying.shift()
      take(result)
    }
  }

  return {
    push: async (work) => {
      // It is awaited when its turn comes.
      work.catch(() => {})
      flying.push(work)
      await shrink(size - 1)
    },
    finish: () => shrink(0),
    settle: async () => {
      await Promise.allSettled(flying)
    },
  }
}
