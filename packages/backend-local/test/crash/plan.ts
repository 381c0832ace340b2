import { cidKey, hashContent } from '@stowage/core/spi'
import { bodyOf } from '../content.ts'
import { fallingWith, isHeld, isProtected, type Model, type Operation, type Thing } from './model.ts'
import type { Random } from './random.ts'
import { bytesOfThing, directoryOf, smallLeaves } from './things.ts'

/** Chooses what a process does next. */
export interface Planner {
  /** Operations that may run at the same time: none touches what another touches. */
  next(model: Model): Promise<Operation[]>
}

export interface PlanOptions {
  /** Begins every id and every name, so that processes keep out of each other's way. */
  readonly prefix: string
  /** Byte budgets for gc, so that things go that nobody deleted. */
  readonly evicting: boolean
}

const SIZES: readonly ((random: Random) => [number, 'small' | 'large'])[] = [
  (random) => [16 + random.below(3000), 'large'],
  (random) => [16 + random.below(3000), 'large'],
  (random) => [16 + random.below(200_000), 'small'],
  (random) => [4096 * (1 + random.below(6)) + random.below(3), 'small'],
  (random) => [60_000 + random.below(300_000), 'large'],
  (random) => [1_000_000 + random.below(2_000_000), 'large'],
]

export function planner(random: Random, { prefix, evicting }: PlanOptions): Planner {
  let count = 0
  const fresh = (): string => `${prefix}-${count++}`

  async function blob(member: boolean): Promise<Operation> {
    const id = fresh()
    const [size, leaves] = random.pick(SIZES)(random)
    const { cid } = await hashContent(
      bodyOf(bytesOfThing({ id, size })),
      leaves === 'small' ? { layout: smallLeaves } : {},
    )
    const thing: Thing = { id, cid: cidKey(cid), size, directory: false, member, children: [] }
    const way = member ? 'stream' : random.pick(['stream', 'stream', 'file', 'known', 'partial'] as const)
    const name = !member && way !== 'known' && random.chance(0.4) ? `${id}/${random.below(3)}` : undefined
    return { kind: 'put', thing, way, leaves, name, pin: !member && way !== 'known' && random.chance(0.2) }
  }

  function directory(children: readonly Thing[]): Operation {
    const id = fresh()
    const { cid, size } = directoryOf(id, children)
    const thing: Thing = {
      id,
      cid: cidKey(cid),
      size,
      directory: true,
      member: false,
      children: children.map((child) => child.id),
    }
    return { kind: 'directory', thing, name: random.chance(0.5) ? id : undefined }
  }

  async function half(): Promise<Operation> {
    const id = fresh()
    const size = 20_000 + random.below(20_000)
    const { cid } = await hashContent(bodyOf(bytesOfThing({ id, size })), { layout: smallLeaves })
    return { kind: 'half', thing: { id, cid: cidKey(cid), size, directory: false, member: false, children: [] } }
  }

  async function one(model: Model, free: readonly Thing[]): Promise<Operation> {
    const dice = random.below(100)
    if (dice < 40 || free.length === 0) return blob(false)
    const thing = random.pick(free)
    if (dice < 48) return blob(true)
    if (dice < 56) {
      const children = free.filter((child) => !child.directory && !(child.member && isHeld(model, child.id)))
      if (children.length > 0) return directory(children.slice(0, 1 + random.below(4)))
    }
    if (dice < 68) {
      const known = [...model.names.keys()]
      if (random.chance(0.4) && known.length > 0) return { kind: 'unname', name: random.pick(known) }
      if (thing.member) return blob(false)
      return { kind: 'name', name: random.chance(0.5) && known.length > 0 ? random.pick(known) : fresh(), id: thing.id }
    }
    if (dice < 76 && !thing.member) return { kind: model.pins.has(thing.id) ? 'unpin' : 'pin', id: thing.id }
    if (dice < 88 && !isHeld(model, thing.id) && !isProtected(model, thing.id)) return { kind: 'delete', id: thing.id }
    if (dice < 91 && thing.directory) return { kind: 'view', id: thing.id }
    if (dice < 94) return { kind: 'lease', id: thing.id }
    if (dice < 96) return half()
    if (dice < 98) return { kind: 'gc', maxSize: evicting ? 1_000_000 * random.below(5) : undefined }
    return { kind: 'reopen' }
  }

  return {
    next: async (model) => {
      const operations: Operation[] = []
      const busy = new Set<string>()
      const busyNames = new Set<string>()
      for (let left = random.chance(0.5) ? 1 : 1 + random.below(6); left > 0; left--) {
        const free = [...model.things.values()].filter(({ id }) => !busy.has(id))
        const operation = await one(model, free)
        if (operation.kind === 'reopen' || operation.kind === 'gc') {
          if (operations.length === 0) operations.push(operation)
          break
        }
        const { ids, names } = wants(model, operation)
        if (ids.some((id) => busy.has(id)) || names.some((name) => busyNames.has(name))) continue
        for (const id of ids) busy.add(id)
        for (const name of names) busyNames.add(name)
        operations.push(operation)
      }
      return operations.length > 0 ? operations : [await blob(false)]
    },
  }
}

/** All that an operation reads or changes: whoever else wants it has to wait. */
function wants(model: Model, operation: Operation): { ids: string[]; names: string[] } {
  const namesOf = (ids: readonly string[]): string[] =>
    [...model.names].filter(([, target]) => ids.includes(target)).map(([name]) => name)
  switch (operation.kind) {
    case 'put':
    case 'directory':
      return {
        ids: [operation.thing.id, ...operation.thing.children],
        names: operation.name === undefined ? [] : [operation.name],
      }
    case 'name': {
      const before = model.names.get(operation.name)
      return { ids: [operation.id, ...(before === undefined ? [] : [before])], names: [operation.name] }
    }
    case 'unname': {
      const before = model.names.get(operation.name)
      return { ids: before === undefined ? [] : [before], names: [operation.name] }
    }
    case 'pin':
    case 'unpin':
    case 'view':
    case 'lease':
    case 'delete': {
      const ids = [...fallingWith(model, operation.id), ...(model.things.get(operation.id)?.children ?? [])]
      return { ids, names: namesOf(ids) }
    }
    case 'half':
    case 'gc':
    case 'reopen':
      return { ids: [], names: [] }
  }
}
