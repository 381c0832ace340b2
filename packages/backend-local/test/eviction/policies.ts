import { createHeap } from './heap.ts'
import type { Item } from './traces.ts'

/** A cache that is told what is asked for. Answers whether it was there; afterwards it is, unless it is refused. */
export type Policy = (item: Item) => boolean

/** What a policy ranks by. */
export interface Ranked {
  readonly item: Item
  uses: number
  /** Bytes that had come in before it. */
  arrival: number
  value: number
  tick: number
}

export interface Rule {
  /** Worth at one use or more, above the floor. */
  worth(item: Item, uses: number): number
  /** Share of the budget whose latest arrivals are safe. */
  readonly window: number
  /** Down to this share of the budget at a time. */
  readonly target: number
  /** Whether uses outlive an eviction, for as many keys as are held. */
  readonly ghosts?: boolean
}

/** Greedy-Dual: the least value goes, and what comes or is used afterwards starts from there. */
export function greedyDual({ worth, window, target, ghosts = false }: Rule) {
  return (budget: number): Policy => {
    const held = new Map<number, Ranked>()
    const known = new Map<number, number>()
    const heap = createHeap<Ranked>()
    let [floor, bytes, taken, tick] = [0, 0, 0, 0]

    const rank = (entry: Ranked): void => {
      entry.value = floor + worth(entry.item, entry.uses)
      entry.tick = tick++
      heap.push(entry.value, entry.tick, entry)
    }
    const shrink = (): void => {
      const spared: Ranked[] = []
      while (bytes > budget * target) {
        const least = heap.pop()
        if (least === undefined) break
        const { value: entry, tie } = least
        if (entry.tick !== tie || held.get(entry.item.key) !== entry) continue
        if (taken - entry.arrival < budget * window) {
          spared.push(entry)
          continue
        }
        drop(entry)
        floor = Math.max(floor, entry.value)
      }
      spared.sort((one, other) => one.arrival - other.arrival)
      for (const entry of spared) {
        if (bytes > budget * target && entry !== spared.at(-1)) drop(entry)
        else heap.push(entry.value, entry.tick, entry)
      }
    }
    const drop = (entry: Ranked): void => {
      held.delete(entry.item.key)
      bytes -= entry.item.size
      if (!ghosts) return
      known.set(entry.item.key, entry.uses)
      const [oldest] = known.keys()
      if (known.size > held.size && oldest !== undefined) known.delete(oldest)
    }

    return (item) => {
      const entry = held.get(item.key)
      if (entry !== undefined) {
        entry.uses++
        rank(entry)
        return true
      }
      bytes += item.size
      taken += item.size
      const uses = (known.get(item.key) ?? 0) + 1
      known.delete(item.key)
      const fresh: Ranked = { item, uses, arrival: taken, value: 0, tick: 0 }
      held.set(item.key, fresh)
      rank(fresh)
      if (bytes > budget) shrink()
      return false
    }
  }
}

/** What was used longest ago goes. */
export function lru(budget: number): Policy {
  const held = new Map<number, Item>()
  let bytes = 0
  return (item) => {
    const hit = held.delete(item.key)
    held.set(item.key, item)
    if (hit) return true
    bytes += item.size
    for (const [key, { size }] of held) {
      if (bytes <= budget) break
      held.delete(key)
      bytes -= size
    }
    return false
  }
}

/** SIEVE: a queue with a hand that spares, once, what was used since it last came by. */
export function sieve(budget: number): Policy {
  interface Node {
    readonly item: Item
    visited: boolean
    newer: Node | undefined
    older: Node | undefined
  }
  const held = new Map<number, Node>()
  let head: Node | undefined
  let tail: Node | undefined
  let hand: Node | undefined
  let bytes = 0

  const evictOne = (): void => {
    let at = hand ?? tail
    while (at?.visited === true) {
      at.visited = false
      at = at.newer ?? tail
    }
    if (at === undefined) return
    hand = at.newer
    if (at.newer !== undefined) at.newer.older = at.older
    else head = at.older
    if (at.older !== undefined) at.older.newer = at.newer
    else tail = at.newer
    held.delete(at.item.key)
    bytes -= at.item.size
  }

  return (item) => {
    const node = held.get(item.key)
    if (node !== undefined) {
      node.visited = true
      return true
    }
    if (item.size > budget) return false
    while (bytes + item.size > budget) evictOne()
    const fresh: Node = { item, visited: false, newer: undefined, older: head }
    if (head !== undefined) head.newer = fresh
    head = fresh
    tail ??= fresh
    held.set(item.key, fresh)
    bytes += item.size
    return false
  }
}

/** S3-FIFO, its queues measured in bytes. */
export function s3fifo(budget: number): Policy {
  const small = new Map<number, { item: Item; uses: number }>()
  const main = new Map<number, { item: Item; uses: number }>()
  const ghosts = new Set<number>()
  let [smallBytes, mainBytes] = [0, 0]

  const evictSmall = (): void => {
    for (const [key, entry] of small) {
      small.delete(key)
      smallBytes -= entry.item.size
      if (entry.uses > 1) {
        entry.uses = 0
        main.set(key, entry)
        mainBytes += entry.item.size
        continue
      }
      ghosts.add(key)
      const [oldest] = ghosts
      if (ghosts.size > main.size + small.size + 1 && oldest !== undefined) ghosts.delete(oldest)
      return
    }
  }
  const evictMain = (): void => {
    for (const [key, entry] of main) {
      main.delete(key)
      if (entry.uses > 0) {
        entry.uses--
        main.set(key, entry)
        continue
      }
      mainBytes -= entry.item.size
      return
    }
  }

  return (item) => {
    const entry = small.get(item.key) ?? main.get(item.key)
    if (entry !== undefined) {
      entry.uses = Math.min(3, entry.uses + 1)
      return true
    }
    if (item.size > budget) return false
    while (smallBytes + mainBytes + item.size > budget) {
      if (smallBytes > budget / 10 || main.size === 0) evictSmall()
      else evictMain()
    }
    if (ghosts.delete(item.key)) {
      main.set(item.key, { item, uses: 0 })
      mainBytes += item.size
    } else {
      small.set(item.key, { item, uses: 0 })
      smallBytes += item.size
    }
    return false
  }
}

/** W-TinyLFU: a window of 1 %; who leaves it must have been asked for more often than all whose place it takes. */
export function tinyLfu(budget: number): Policy {
  const window = new Map<number, Item>()
  const main = new Map<number, Item>()
  const counts = new Map<number, number>()
  let [windowBytes, mainBytes, counted] = [0, 0, 0]
  const count = (key: number): number => counts.get(key) ?? 0

  const note = (key: number): void => {
    counts.set(key, Math.min(15, count(key) + 1))
    if (++counted < 10 * (main.size + window.size + 100)) return
    counted = 0
    for (const [known, uses] of counts) {
      if (uses > 1) counts.set(known, uses >> 1)
      else counts.delete(known)
    }
  }
  const admit = (item: Item): void => {
    const victims: Item[] = []
    let room = budget * 0.99 - mainBytes
    let rivals = 0
    for (const victim of main.values()) {
      if (room >= item.size) break
      victims.push(victim)
      room += victim.size
      rivals += count(victim.key)
      if (rivals >= count(item.key)) break
    }
    const [first] = victims
    if (room < item.size || (victims.length > 0 && rivals >= count(item.key))) {
      // The least recently used had its chance.
      if (first !== undefined && main.delete(first.key)) main.set(first.key, first)
      return
    }
    for (const victim of victims) {
      main.delete(victim.key)
      mainBytes -= victim.size
    }
    main.set(item.key, item)
    mainBytes += item.size
  }

  return (item) => {
    note(item.key)
    for (const queue of [window, main]) {
      if (!queue.delete(item.key)) continue
      queue.set(item.key, item)
      return true
    }
    window.set(item.key, item)
    windowBytes += item.size
    for (const [key, oldest] of window) {
      if (windowBytes <= budget / 100) break
      window.delete(key)
      windowBytes -= oldest.size
      admit(oldest)
    }
    return false
  }
}
