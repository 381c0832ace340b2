import type { NearStore } from '@stowage/core/spi'
import type { ConformanceCase } from '../case.ts'

/** What a near store promises beside what every backend does. */
export const nearStoreCases: readonly ConformanceCase<NearStore>[] = []
