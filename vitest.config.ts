import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

// Node's own conditions besides: some packages have code under `module` that only bundlers can load.
const conditions = ['@stowage/source', 'node', 'import', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['{packages,examples,bench,scripts,integration}/**/*.test.ts'],
    exclude: [...configDefaults.exclude, '**/*.integration.test.ts'],
    execArgv: ['--conditions=@stowage/source'],
    testTimeout: 60_000,
    maxWorkers: availableParallelism(),
    // Tests start hundreds of processes from the sources; this halves the time that each takes to start.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache/compile') },
    coverage: {
      provider: 'v8',
      reporter: ['text-summary', 'json-summary'],
      include: ['packages/*/src/**'],
      exclude: ['**/*.test.ts'],
      thresholds: { 'packages/core/src/**': { statements: 90, branches: 90, functions: 90, lines: 90 } },
    },
  },
})
