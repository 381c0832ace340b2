import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('loads the SDK at the first call, not before', async () => {
  const program = fileURLToPath(new URL('lazy.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@stowage/source', program])
  expect(JSON.parse(stdout)).toEqual({ made: false, closed: false, called: true })
})
