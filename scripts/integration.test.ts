import { relative } from 'node:path'
import { describe, it } from 'vitest'
import { filesBelow, root } from './workspace.ts'

describe('tests on real servers', () => {
  for (const file of filesBelow(root, /\.integration\.test\.ts$/)) {
    it.skip(`${relative(root, file)}: needs real servers: pnpm integration`)
  }
})
