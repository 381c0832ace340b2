import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

it('the example two-nodes runs to its end, with every check holding', async () => {
  const program = ['--conditions=@stowage/source', join(import.meta.dirname, 'main.ts')]
  const { stdout } = await promisify(execFile)(process.execPath, program)
  expect(stdout).not.toContain('FAIL')
  expect(stdout.match(/ ok /g)).toHaveLength(5)
})
