import type { ConformanceCase } from '../case.ts'

/** What every backend promises. */
export const backendCases: readonly ConformanceCase[] = []
