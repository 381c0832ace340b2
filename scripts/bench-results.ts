import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SuiteResult } from '../bench/src/report.ts'
import { suites } from '../bench/src/suites/index.ts'
import { root } from './workspace.ts'

/** The results that are kept, by suite and in the order of the suites. */
export function benchResults(): Record<string, SuiteResult> {
  return Object.fromEntries(
    Object.keys(suites).flatMap((suite) => {
      const file = join(root, 'bench/results', `${suite}.json`)
      return existsSync(file) ? [[suite, JSON.parse(readFileSync(file, 'utf8')) as SuiteResult]] : []
    }),
  )
}
