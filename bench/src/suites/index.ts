import type { Suite } from '../suite.ts'

export interface SuiteOptions {
  /** Small blobs, where the command line says so; 0 or absent: it does not. */
  readonly count?: number | undefined
}

/** Each is imported when it runs, so that what one suite needs burdens no other. */
export const suites: Readonly<Record<string, (options: SuiteOptions) => Promise<Suite>>> = {
  'cid-text': async () => (await import('./cid-text.ts')).cidText,
  put: async () => (await import('./put.ts')).put,
  read: async () => (await import('./read.ts')).read,
  verify: async () => (await import('./verify.ts')).verify,
  path: async () => (await import('./path.ts')).path,
  range: async () => (await import('./range.ts')).range,
  'small-put': async () => (await import('./small-put.ts')).smallPut,
  'small-get': async () => (await import('./small-get.ts')).smallGet,
  'small-get-16k': async () => (await import('./small-get.ts')).smallGet16k,
  disk: async () => (await import('./disk.ts')).disk,
  cost: async ({ count }) => (await import('./cost.ts')).cost(count),
  'index-memory': async ({ count }) => (await import('./index-memory.ts')).indexMemory(count),
  download: async () => (await import('./download.ts')).download,
  sources: async () => (await import('./sources.ts')).sources,
  resume: async () => (await import('./resume.ts')).resume,
  s3: async () => (await import('./s3.ts')).s3Transfer,
  seeding: async () => (await import('./seeding.ts')).seeding,
  'near-hit': async () => (await import('./near-hit.ts')).nearHit,
  start: async () => (await import('./start.ts')).start,
  memory: async () => (await import('./memory.ts')).memory,
}
