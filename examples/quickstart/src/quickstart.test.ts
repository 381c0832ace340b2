import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('runs to its end, with every check holding', async () => {
  const arguments_ = ['--conditions=@stowage/source', join(import.meta.dirname, 'main.ts')]
  const { stdout } = await promisify(execFile)(process.execPath, arguments_)
  expect(stdout).not.toContain('FAIL')
  expect(stdout).toContain('All of it holds')
})
