import {
  StorageError,
  type Body,
  type CallOptions,
  type Catalog,
  type NearStore,
  type PartialBlob,
} from '@stowage/core/spi'

/** A near store with one thing wrong. */
export type Mutation = (store: NearStore) => NearStore

/** Replaces methods of a store. */
export const wrong =
  (change: (store: NearStore) => Partial<NearStore>): Mutation =>
  (store) => ({ ...store, ...change(store) })

export const wrongNames = (
  change: (names: Catalog['names'], store: NearStore) => Partial<Catalog['names']>,
): Mutation =>
  wrong((store) => ({
    catalog: { ...store.catalog, names: { ...store.catalog.names, ...change(store.catalog.names, store) } },
  }))

export const wrongPins = (change: (pins: Catalog['pins'], store: NearStore) => Partial<Catalog['pins']>): Mutation =>
  wrong((store) => ({
    catalog: { ...store.catalog, pins: { ...store.catalog.pins, ...change(store.catalog.pins, store) } },
  }))

export const wrongCopies = (
  change: (copies: Catalog['copies'], store: NearStore) => Partial<Catalog['copies']>,
): Mutation =>
  wrong((store) => ({
    catalog: { ...store.catalog, copies: { ...store.catalog.copies, ...change(store.catalog.copies, store) } },
  }))

export const wrongAliases = (
  change: (aliases: Catalog['aliases'], store: NearStore) => Partial<Catalog['aliases']>,
): Mutation =>
  wrong((store) => ({
    catalog: { ...store.catalog, aliases: { ...store.catalog.aliases, ...change(store.catalog.aliases, store) } },
  }))

export const wrongCatalog = (change: (catalog: Catalog, store: NearStore) => Partial<Catalog>): Mutation =>
  wrong((store) => ({ catalog: { ...store.catalog, ...change(store.catalog, store) } }))

export const wrongPartial = (change: (partial: PartialBlob, store: NearStore) => Partial<PartialBlob>): Mutation =>
  wrong((store) => ({
    partial: async (blob, options) => {
      const partial = await store.partial(blob, options)
      return { ...partial, ...change(partial, store) }
    },
  }))

/** Changes the body of every read. */
export const wrongBody = (change: (body: Body, key: string, store: NearStore) => Body): Mutation =>
  wrong((store) => ({
    read: async (cid, options) => {
      const read = await store.read(cid, options)
      return { ...read, body: change(read.body, cid.toString(), store) }
    },
  }))

/** Removes the signal from the last argument. */
export function deaf<O extends CallOptions>(options: O | undefined): O | undefined {
  return options && { ...options, signal: undefined }
}

/** Calls that ignore their signal. */
export const deafStore: Mutation = wrong((store) => ({
  stat: (cid, options) => store.stat(cid, deaf(options)),
  read: (cid, options) => store.read(cid, deaf(options)),
  put: (blob, options) => store.put(blob, deaf(options)),
  list: (options) => store.list(deaf(options)),
  ingest: (source, options) => store.ingest(source, deaf(options)),
  gc: (options) => store.gc(deaf(options)),
  verify: (cid, options) => store.verify(cid, deaf(options)),
  putDirectory: (directory, options) => store.putDirectory(directory, deaf(options)),
}))

/** The promise; when it fails with that code, `instead`. */
export async function pardon<T>(
  promise: Promise<T>,
  code: StorageError['code'],
  instead: () => T | Promise<T>,
): Promise<T> {
  try {
    return await promise
  } catch (error) {
    if (StorageError.is(error, code)) return instead()
    throw error
  }
}

export async function* mapped(body: Body, change: (chunk: Uint8Array) => Uint8Array): Body {
  for await (const chunk of body) yield change(chunk)
}

/** The body, without letting anybody leave it. */
export function unleavable(body: Body): Body {
  const iterator = body[Symbol.asyncIterator]()
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) }
}

export async function* quietlyCut(body: Body): Body {
  try {
    for await (const chunk of body) yield chunk
  } catch {
    return
  }
}

/** Work that is thrown away when too much of it goes on at once. */
export function overloaded(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  return async (work) => {
    running += 1
    try {
      if (running > limit) throw new StorageError('unavailable', 'too much at once')
      return await work()
    } finally {
      running -= 1
    }
  }
}

export function fault(code: StorageError['code']): StorageError {
  return new StorageError(code, 'a fault on purpose')
}

export async function* nothing(): AsyncGenerator<never> {}
