import type { CID } from 'multiformats/cid'
import type { Backend, BlobRead, CallOptions, ReadOptions } from '../spi/backend.ts'

/** What a layer makes of a backend. It changes how calls are made, never what they mean. */
export type Layer = (inner: Backend) => Backend

/** `compose(backend, limit(…), retry(…))`: from left to right is from the inside out; the last layer sees a call first. */
export function compose(backend: Backend, ...layers: readonly Layer[]): Backend {
  return layers.reduce((inner, layer) => layer(inner), backend)
}

type Method = Exclude<
  { [K in keyof Backend]-?: NonNullable<Backend[K]> extends (...args: never) => unknown ? K : never }[keyof Backend],
  never
>
type Methods = { readonly [K in Method]-?: NonNullable<Backend[K]> }
type Optional<K extends Method> = undefined extends Backend[K] ? undefined : never

/** For each method of a backend: gets the inner one, gives what stands in its place. Leaving one out does not compile. */
export type Handlers = { readonly [K in Method]: (next: Methods[K]) => Methods[K] | Optional<K> }

/** Handler for a method that a layer does not change. */
export const pass = <T>(next: T): T => next

/** Handler for a method that a layer takes away. */
export const absent = (): undefined => undefined

/**
 * A backend that sends every call through `handlers`. It has inner's name and traits, and leaves out
 * what inner leaves out. Its methods need no `this`; inner's keep theirs.
 */
export function forward(inner: Backend, handlers: Handlers): Backend {
  const methods: { readonly [K in Method]: Methods[K] | undefined } = {
    stat: handlers.stat(inner.stat.bind(inner)),
    read: handlers.read(inner.read.bind(inner)),
    outboard: inner.outboard && handlers.outboard(inner.outboard.bind(inner)),
    directory: inner.directory && handlers.directory(inner.directory.bind(inner)),
    putDirectory: inner.putDirectory && handlers.putDirectory(inner.putDirectory.bind(inner)),
    put: inner.put && handlers.put(inner.put.bind(inner)),
    delete: inner.delete && handlers.delete(inner.delete.bind(inner)),
    list: inner.list && handlers.list(inner.list.bind(inner)),
    pin: inner.pin && handlers.pin(inner.pin.bind(inner)),
    unpin: inner.unpin && handlers.unpin(inner.unpin.bind(inner)),
    providers: inner.providers && handlers.providers(inner.providers.bind(inner)),
    restore: inner.restore && handlers.restore(inner.restore.bind(inner)),
    health: handlers.health(inner.health.bind(inner)),
    close: handlers.close(inner.close.bind(inner)),
  }
  const present = Object.fromEntries(Object.entries(methods).filter(([, method]) => method !== undefined))
  return {
    name: inner.name,
    traits: inner.traits,
    ...(inner.sources && { sources: inner.sources }),
    ...(present as Methods),
  }
}

/** One call of a backend's method, as a layer sees it. */
export interface Call<O extends CallOptions = CallOptions> {
  readonly operation: Exclude<Method, 'close'>
  readonly cid?: CID | undefined
  readonly options: O
}

/** A layer that treats all calls of one shape alike. `next` makes the call, with the options it is given. */
export interface Advice {
  call<R>(call: Call, next: (options: CallOptions) => Promise<R>): Promise<R>
  read(call: Call<ReadOptions>, next: (options: ReadOptions) => Promise<BlobRead>): Promise<BlobRead>
  items<T>(call: Call, next: (options: CallOptions) => AsyncIterable<T>): AsyncIterable<T>
}

/** Handlers for every method out of an advice. `close` and `health` pass: neither waits in line nor is repeated. */
export function around(advice: Advice): Handlers {
  const byCid =
    (operation: Call['operation']) =>
    <R>(next: (cid: CID, options?: CallOptions) => Promise<R>) =>
    (cid: CID, options: CallOptions = {}): Promise<R> =>
      advice.call({ operation, cid, options }, (changed) => next(cid, changed))
  return {
    stat: byCid('stat'),
    read:
      (next) =>
      (cid, options = {}) =>
        advice.read({ operation: 'read', cid, options }, (changed) => next(cid, changed)),
    outboard: byCid('outboard'),
    directory: byCid('directory'),
    putDirectory:
      (next) =>
      (directory, options = {}) =>
        advice.call({ operation: 'putDirectory', cid: directory.cid, options }, (changed) => next(directory, changed)),
    put:
      (next) =>
      (blob, options = {}) =>
        advice.call({ operation: 'put', cid: blob.cid, options }, (changed) => next(blob, changed)),
    delete: byCid('delete'),
    list:
      (next) =>
      (options = {}) =>
        advice.items({ operation: 'list', options }, next),
    pin: byCid('pin'),
    unpin: byCid('unpin'),
    providers:
      (next) =>
      (cid, options = {}) =>
        advice.items({ operation: 'providers', cid, options }, (changed) => next(cid, changed)),
    restore: byCid('restore'),
    health: pass,
    close: pass,
  }
}
