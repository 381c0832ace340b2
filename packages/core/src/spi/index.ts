/** Everything the author of a backend reads: types, errors, the outboard. */
export type * from './backend.ts'
export type * from './catalog.ts'
export type * from './near-store.ts'
export type * from '../unixfs/layout.ts'
export * from '../errors/storage-error.ts'
export * from '../errors/abort.ts'
