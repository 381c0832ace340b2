/** The least entry first. Entries are not removed but outdated: whoever takes one asks whether it still holds. */
export interface Heap<T> {
  push(order: number, tie: number, value: T): void
  pop(): { readonly order: number; readonly tie: number; readonly value: T } | undefined
}

interface Entry<T> {
  readonly order: number
  readonly tie: number
  readonly value: T
}

export function createHeap<T>(): Heap<T> {
  const entries: Entry<T>[] = []
  const before = (one: Entry<T>, other: Entry<T>): boolean =>
    one.order < other.order || (one.order === other.order && one.tie < other.tie)

  return {
    push: (order, tie, value) => {
      const entry = { order, tie, value }
      let at = entries.length
      for (let above = (at - 1) >> 1; at > 0 && before(entry, entries[above] as Entry<T>); above = (at - 1) >> 1) {
        entries[at] = entries[above] as Entry<T>
        at = above
      }
      entries[at] = entry
    },
    pop: () => {
      const [least] = entries
      const last = entries.pop()
      if (last === undefined || entries.length === 0) return least
      let at = 0
      for (;;) {
        let below = 2 * at + 1
        if (below >= entries.length) break
        if (below + 1 < entries.length && before(entries[below + 1] as Entry<T>, entries[below] as Entry<T>)) below++
        if (!before(entries[below] as Entry<T>, last)) break
        entries[at] = entries[below] as Entry<T>
        at = below
      }
      entries[at] = last
      return least
    },
  }
}
