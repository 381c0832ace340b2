export { asBlockstore } from './as-blockstore.ts'
export { blockstore } from './backend.ts'
export { createLife, readingOf, type Life } from './life.ts'
export type { AsBlockstoreOptions, BlockstoreOptions } from './options.ts'
