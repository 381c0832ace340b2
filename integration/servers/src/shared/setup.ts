import type { TestProject } from 'vitest/node'
import { openLender, type Lender } from './lender.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the lender of shared servers answers. */
    readonly servers: string
  }
}

let lender: Lender | undefined

/** Vitest calls it once, before the first test file. */
export async function setup({ provide }: TestProject): Promise<void> {
  lender = await openLender()
  provide('servers', lender.url)
}

/** And this after the last one. */
export async function teardown(): Promise<void> {
  await lender?.close()
}
