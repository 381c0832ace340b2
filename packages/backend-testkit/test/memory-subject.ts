import { memory, memoryContents, type MemoryContents } from '@stowage/core'
import { cidKey, type NearStore } from '@stowage/core/spi'
import type { Subject } from '../src/index.ts'

/** `memory()` as a subject, each store it opens changed by `change`. */
export function memorySubject(change: (store: NearStore) => NearStore = (store) => store): Subject<NearStore> {
  const held = new WeakMap<NearStore, MemoryContents>()
  const contentsOf = (store: NearStore) => held.get(store) ?? memoryContents()
  const open = async (contents: MemoryContents) => {
    const store = change(memory({ contents }))
    held.set(store, contents)
    return store
  }
  return {
    open: () => open(memoryContents()),
    reopen: (closed) => open(contentsOf(closed)),
    rot: async (store, { cid }, offset) => {
      const entry = contentsOf(store).entries.get(cidKey(cid))
      if (entry?.kind === 'blob') entry.bytes[offset] = (entry.bytes[offset] ?? 0) ^ 1
    },
  }
}
