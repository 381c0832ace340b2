type Waiter = (bytes: Uint8Array<ArrayBuffer> | undefined) => void

/** Who waits for which leaf. */
export interface Waiters {
  /** The leaf's bytes, a copy for each; `undefined` when it will not come. */
  wait(leaf: number): Promise<Uint8Array<ArrayBuffer> | undefined>
  give(leaf: number, bytes: Uint8Array): void
  /** Nothing comes any more. */
  end(): void
}

export function createWaiters(): Waiters {
  const waiting = new Map<number, Waiter[]>()

  function settle(leaf: number, bytesFor: () => Uint8Array<ArrayBuffer> | undefined): void {
    const waiters = waiting.get(leaf) ?? []
    waiting.delete(leaf)
    for (const waiter of waiters) waiter(bytesFor())
  }

  return {
    wait: (leaf) => new Promise((resolve) => waiting.set(leaf, [...(waiting.get(leaf) ?? []), resolve])),
    give: (leaf, bytes) => settle(leaf, () => new Uint8Array(bytes)),
    end: () => [...waiting.keys()].forEach((leaf) => settle(leaf, () => undefined)),
  }
}
