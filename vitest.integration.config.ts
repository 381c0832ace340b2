import { configDefaults, defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** Tests on real servers: integration/README.md. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['{packages,examples,bench,integration}/**/*.integration.test.ts'],
    exclude: configDefaults.exclude,
    globalSetup: 'integration/servers/src/shared/setup.ts',
    hookTimeout: 120_000,
  },
})
