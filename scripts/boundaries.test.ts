import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkBoundaries, DRAWING } from './boundaries.ts'
import { specifiersOf } from './imports.ts'
import { root as workspace } from './workspace.ts'

const drawing = { '@x/core': [], '@x/backend': ['@x/core/spi'], top: ['@x/core', '@x/backend'] }

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'boundaries-'))
  manifest('', { name: 'workspace', devDependencies: { vitest: '1' } })
  manifest('packages/core', { name: '@x/core', exports: { '.': '', './spi': '' }, dependencies: { lib: '1' } })
  manifest('packages/backend', { name: '@x/backend', exports: { '.': '' }, dependencies: { '@x/core': '*' } })
  manifest('packages/top', { name: 'top', exports: { '.': '' }, dependencies: { '@x/core': '*', '@x/backend': '*' } })
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function manifest(folder: string, content: object): void {
  write(join(folder, 'package.json'), JSON.stringify(content))
}

function write(file: string, content: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true })
  writeFileSync(join(root, file), content)
}

function problems(): string[] {
  return checkBoundaries(root, drawing).map(({ file, problem }) => `${file} ${problem}`)
}

describe('checkBoundaries', () => {
  it('accepts what is in the drawing', () => {
    write('packages/core/src/index.ts', `import 'lib'\nimport 'lib/part'\nimport './other.ts'\nimport 'node:fs'`)
    write('packages/core/src/index.test.ts', `import 'vitest'\nimport '@x/core/spi'`)
    write('packages/backend/src/index.ts', `export type { A } from '@x/core/spi'`)
    write('packages/top/src/index.ts', `export * from '@x/core'\nconst b = await import('@x/backend')`)
    expect(problems()).toEqual([])
  })

  it.each([
    ['core imports a backend', 'core', `import '@x/backend'`, 'an arrow that is not in the drawing'],
    ['core imports a backend lazily', 'core', `const a = () => import('@x/backend')`, 'not in the drawing'],
    ['core imports a type of a backend', 'core', `import type { A } from '@x/backend'`, 'not in the drawing'],
    ['core names an imported type inline', 'core', `export type A = import('@x/backend').A`, 'not in the drawing'],
    ['core re-exports a backend', 'core', `export * from '@x/backend'`, 'not in the drawing'],
    [
      'core imports a backend lazily, in backticks',
      'core',
      'const a = () => import(`@x/backend`)',
      'not in the drawing',
    ],
    ['core requires a backend', 'core', `const a = require('@x/backend')`, 'not in the drawing'],
    ['core resolves a backend', 'core', `import.meta.resolve('@x/backend')`, 'not in the drawing'],
    ['a backend imports the wide side', 'backend', `import { a } from '@x/core'`, 'not in the drawing'],
    ['a backend imports the umbrella', 'backend', `import { a } from 'top'`, 'not in the drawing'],
    ['a deep import', 'backend', `import { a } from '@x/core/src/cid.ts'`, 'does not export'],
    ['a deep import into the built files', 'top', `import { a } from '@x/core/dist/cid.js'`, 'does not export'],
    ['a relative way out of the package', 'backend', `import '../../core/src/index.ts'`, 'outside its package'],
    ['an undeclared package', 'core', `import 'surprise'`, 'its package.json does not name'],
    ['a test tool in shipped code', 'core', `import 'vitest'`, 'its package.json does not name'],
    ['a builtin without its scheme', 'core', `import 'fs'`, 'without node:'],
  ])('refuses: %s', (_, name, source, problem) => {
    write(`packages/${name}/src/module.ts`, source)
    expect(problems()).toEqual([expect.stringContaining(problem)])
    expect(problems()[0]).toContain(join('packages', name, 'src', 'module.ts'))
  })

  it('lets what may be missing be imported only when it is needed', () => {
    manifest('packages/top', {
      name: 'top',
      peerDependencies: { '@x/backend': '*' },
      peerDependenciesMeta: { '@x/backend': { optional: true } },
    })
    write('packages/top/src/index.ts', `const b = () => import('@x/backend')\nimport type { B } from '@x/backend'`)
    write('packages/top/src/index.test.ts', `import '@x/backend'`)
    expect(problems()).toEqual([])
    write('packages/top/src/other.ts', `export { b } from '@x/backend'`)
    expect(problems()).toEqual([expect.stringContaining('an optional peer')])
  })

  it('refuses an arrow that only a manifest has', () => {
    manifest('packages/core', {
      name: '@x/core',
      exports: { '.': '', './spi': '' },
      dependencies: { '@x/backend': '*' },
    })
    expect(problems()).toEqual([expect.stringContaining('depends on @x/backend')])
  })

  it('refuses a package that is not in the drawing', () => {
    manifest('packages/new', { name: '@x/new' })
    expect(problems()).toEqual([expect.stringContaining('not in the drawing')])
  })

  it('lets examples import every public entry, and nothing deeper', () => {
    manifest('examples/one', { name: 'one', private: true, dependencies: { top: '*', '@x/backend': '*' } })
    write('examples/one/src/a.ts', `import 'top'\nimport '@x/backend'`)
    expect(problems()).toEqual([])
    write('examples/one/src/a.ts', `import 'top/src/index.ts'`)
    expect(problems()).toEqual([expect.stringContaining('does not export')])
  })
})

it('sees imports, and not text that looks like one', () => {
  const source = `// import 'a'\nconst s = "import 'b'"; const t = \`import('c')\`; const r = /import 'd'/\nexport { x } from 'e'`
  expect(specifiersOf('module.ts', source)).toEqual(['e'])
})

it('keeps this workspace to its drawing', () => {
  expect(checkBoundaries(workspace, DRAWING)).toEqual([])
})

it('looks into every kind of module', () => {
  for (const name of ['a.mts', 'b.tsx', 'testing/c.ts']) write(join('packages/core/src', name), `import 'surprise'`)
  write('packages/core/src/d.cjs', `require('surprise')`)
  expect(problems()).toHaveLength(4)
})

describe('the pure folders of core', () => {
  beforeEach(() => manifest('packages/core', { name: '@stowage/core', exports: { '.': '' } }))

  const impurities = (): string[] =>
    checkBoundaries(root, { ...drawing, '@stowage/core': [] }).flatMap(({ problem }) =>
      problem.includes('which is pure') ? [problem] : [],
    )

  it('take no input and output', () => {
    write('packages/core/src/cid/read.ts', `import 'node:fs/promises'\nimport 'node:crypto'`)
    expect(impurities()).toEqual([expect.stringContaining('node:fs/promises into cid/')])
  })

  it('take none through others either', () => {
    write('packages/core/src/hash/pool.ts', `import 'node:worker_threads'`)
    write('packages/core/src/hash/digest.ts', `export { pool } from './pool.ts'`)
    write('packages/core/src/cid/make.ts', `import { sha256 } from '../hash/digest.ts'`)
    expect(impurities()).toEqual([
      expect.stringContaining('hash/digest.ts → hash/pool.ts → node:worker_threads into cid/'),
    ])
  })

  it('may take types from anywhere, and test as they like', () => {
    write('packages/core/src/hash/pool.ts', `import 'node:worker_threads'`)
    write(
      'packages/core/src/cid/make.ts',
      `import type { Pool } from '../hash/pool.ts'\nexport type { Pool } from '../hash/pool.ts'`,
    )
    write('packages/core/src/cid/make.test.ts', `import 'node:fs'`)
    expect(impurities()).toEqual([])
  })
})
