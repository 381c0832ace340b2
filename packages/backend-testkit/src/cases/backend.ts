import type { ConformanceCase } from '../case.ts'
import { abortingCases } from './aborting.ts'
import { directoryCases } from './directories.ts'
import { lifeCases } from './life.ts'
import { puttingCases } from './putting.ts'
import { readingCases } from './reading.ts'

/** What every backend promises. */
export const backendCases: readonly ConformanceCase[] = [
  ...readingCases,
  ...puttingCases,
  ...directoryCases,
  ...abortingCases,
  ...lifeCases,
]
