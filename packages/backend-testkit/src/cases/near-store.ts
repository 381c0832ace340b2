import type { NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../case.ts'
import { blockCases } from './near/blocks.ts'
import { copiesCases } from './near/copies.ts'
import { directoryCases } from './near/directories.ts'
import { ingestingCases } from './near/ingesting.ts'
import { keepingCases } from './near/keeping.ts'
import { namingCases } from './near/naming.ts'
import { partialCases } from './near/partials.ts'

/** What a near store promises beside what every backend does. */
export const nearStoreCases: readonly ConformanceCase<NearStore>[] = [
  ...ingestingCases,
  ...namingCases,
  ...partialCases,
  ...directoryCases,
  ...keepingCases,
  ...blockCases,
  ...copiesCases,
]
