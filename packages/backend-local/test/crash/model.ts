/** What a process did to a store, in terms of what must be there afterwards. */

export interface Thing {
  readonly id: string
  /** Text of the CIDv1. */
  readonly cid: string
  readonly size: number
  readonly directory: boolean
  /** Goes with the directory that holds it. */
  readonly member: boolean
  /** Ids. */
  readonly children: readonly string[]
}

export type Operation =
  | {
      readonly kind: 'put'
      readonly thing: Thing
      readonly way: 'stream' | 'file' | 'known' | 'partial'
      readonly leaves: 'small' | 'large'
      readonly name?: string | undefined
      readonly pin?: boolean | undefined
    }
  | { readonly kind: 'directory'; readonly thing: Thing; readonly name?: string | undefined }
  | { readonly kind: 'name'; readonly name: string; readonly id: string }
  | { readonly kind: 'unname'; readonly name: string }
  | { readonly kind: 'pin' | 'unpin' | 'delete' | 'view' | 'lease'; readonly id: string }
  | { readonly kind: 'half'; readonly thing: Thing }
  | { readonly kind: 'gc'; readonly maxSize?: number | undefined }
  | { readonly kind: 'reopen' }

export interface Model {
  readonly things: Map<string, Thing>
  readonly pins: Set<string>
  /** To ids. */
  readonly names: Map<string, string>
}

export function emptyModel(): Model {
  return { things: new Map(), pins: new Set(), names: new Map() }
}

export function copyOf({ things, pins, names }: Model): Model {
  return { things: new Map(things), pins: new Set(pins), names: new Map(names) }
}

/** What is there once the operation is done. */
export function apply(model: Model, operation: Operation): void {
  const { things, pins, names } = model
  switch (operation.kind) {
    case 'put':
    case 'directory':
      things.set(operation.thing.id, operation.thing)
      if (operation.name !== undefined) names.set(operation.name, operation.thing.id)
      if (operation.kind === 'put' && operation.pin === true) pins.add(operation.thing.id)
      break
    case 'name':
      names.set(operation.name, operation.id)
      break
    case 'unname':
      names.delete(operation.name)
      break
    case 'pin':
      pins.add(operation.id)
      break
    case 'unpin':
      pins.delete(operation.id)
      break
    case 'delete':
      for (const id of fallingWith(model, operation.id)) forget(model, id)
      break
    case 'view':
    case 'lease':
    case 'half':
    case 'gc':
    case 'reopen':
      break
  }
}

export function forget({ things, pins, names }: Model, id: string): void {
  things.delete(id)
  pins.delete(id)
  for (const [name, target] of names) if (target === id) names.delete(name)
}

/** A directory takes its members along. */
export function fallingWith({ things }: Model, id: string): string[] {
  const children = things.get(id)?.children ?? []
  return [id, ...children.filter((child) => things.get(child)?.member === true)]
}

/** Ids of what must be there already. */
export function needs(operation: Operation): readonly string[] {
  return 'id' in operation ? [operation.id] : operation.kind === 'directory' ? operation.thing.children : []
}

/** True for what a directory in the model holds. */
export function isHeld({ things }: Model, id: string): boolean {
  return [...things.values()].some(({ children }) => children.includes(id))
}

/** True for what no eviction may touch. */
export function isProtected({ things, pins }: Model, id: string): boolean {
  return pins.has(id) || [...things.values()].some((thing) => pins.has(thing.id) && thing.children.includes(id))
}

/** Ids whose presence or pin the operation may change, and names that it may move. */
export function touches(model: Model, operation: Operation): { ids: string[]; names: string[] } {
  const named = (id: string): string[] => [...model.names].filter(([, target]) => target === id).map(([name]) => name)
  switch (operation.kind) {
    case 'put':
    case 'directory':
      return { ids: [operation.thing.id], names: operation.name === undefined ? [] : [operation.name] }
    case 'name':
    case 'unname':
      return { ids: [], names: [operation.name] }
    case 'pin':
    case 'unpin':
      return { ids: [operation.id], names: [] }
    case 'delete': {
      const ids = fallingWith(model, operation.id)
      return { ids, names: ids.flatMap(named) }
    }
    case 'view':
    case 'lease':
    case 'half':
    case 'gc':
    case 'reopen':
      return { ids: [], names: [] }
  }
}
