import type { Suite } from '../suite.ts'

/** Each is imported when it runs, so that what one suite needs burdens no other. */
export const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  'cid-text': async () => (await import('./cid-text.ts')).cidText,
  put: async () => (await import('./put.ts')).put,
  read: async () => (await import('./read.ts')).read,
  start: async () => (await import('./start.ts')).start,
  memory: async () => (await import('./memory.ts')).memory,
}
