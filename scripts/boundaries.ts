import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { neededBy, specifiersOf } from './imports.ts'
import { impureWays } from './purity.ts'
import { filesBelow, readManifest, type Manifest } from './workspace.ts'

/**
 * The drawing of `docs/design.md`: for each package below `packages/`, the specifiers of its siblings that its code may
 * import. A package that is not here is refused: put it into the drawing first, then here.
 */
export const DRAWING: Readonly<Record<string, readonly string[]>> = {
  '@stowage/core': [],
  '@stowage/backend-local': ['@stowage/core/spi'],
  '@stowage/backend-s3': ['@stowage/core/spi'],
  '@stowage/backend-gateway': ['@stowage/core/spi'],
  '@stowage/backend-kubo': ['@stowage/core/spi'],
  '@stowage/backend-blockstore': ['@stowage/core/spi'],
  '@stowage/backend-helia': ['@stowage/core/spi', '@stowage/backend-blockstore'],
  '@stowage/backend-pinning': ['@stowage/core/spi'],
  '@stowage/backend-archive': ['@stowage/core/spi'],
  '@stowage/backend-testkit': ['@stowage/core/spi'],
  stowage: [
    '@stowage/core',
    '@stowage/core/spi',
    '@stowage/backend-local',
    '@stowage/backend-s3',
    '@stowage/backend-gateway',
    '@stowage/backend-kubo',
    '@stowage/backend-helia',
    '@stowage/backend-pinning',
    '@stowage/backend-archive',
  ],
}

/** What tests may import besides: the conformance kit, real servers, and the near store and the wide side of core, which is what users get. */
const TESTS_MAY = [
  '@stowage/backend-local',
  '@stowage/backend-testkit',
  '@stowage/backend-testkit/proxy',
  '@stowage/core',
  '@stowage/core/spi',
  '@stowage/test-servers',
  '@stowage/test-servers/shared',
]

export interface Violation {
  /** Relative to the root of the workspace. */
  readonly file: string
  readonly problem: string
}

/** Every import that the drawing, or a manifest, does not allow. Reads `packages`, `examples/*`, `bench` and `integration/servers` below `root`. */
export function checkBoundaries(root: string, drawing: Readonly<Record<string, readonly string[]>>): Violation[] {
  const packages = foldersIn(join(root, 'packages'))
  const users = [
    ...foldersIn(join(root, 'examples')),
    join(root, 'bench'),
    join(root, 'integration', 'servers'),
  ].filter(hasManifest)
  const siblings = [...packages, ...users].map((folder) => ({ folder, manifest: readManifest(folder) }))
  const exported = new Set(siblings.flatMap(({ manifest }) => publicSpecifiers(manifest)))
  const names = siblings.map(({ manifest }) => manifest.name)
  const rootManifest = readManifest(root)

  return siblings.flatMap(({ folder, manifest }) => {
    const drawn = packages.includes(folder) ? drawing[manifest.name] : [...exported]
    const own = { folder, manifest, exported, names, rootManifest }
    const found = drawn === undefined ? ['is not in the drawing of docs/design.md'] : manifestProblems(own, drawn)
    const inManifest = found.map((problem) => ({ file: join(folder, 'package.json'), problem }))
    const inFiles = filesBelow(folder, /\.[cm]?[jt]sx?$/).flatMap((file) => {
      const source = readFileSync(file, 'utf8')
      return [
        ...specifiersOf(file, source).flatMap((specifier) => importProblem(own, drawn ?? [], file, specifier) ?? []),
        ...(isTest(file, folder) ? [] : neededBy(file, source).flatMap((specifier) => neededProblem(own, specifier))),
      ].map((problem) => ({ file, problem }))
    })
    const impure = manifest.name === '@stowage/core' ? impureWays(join(folder, 'src')) : []
    return [...inManifest, ...inFiles, ...impure].map(({ file, problem }) => ({ file: relative(root, file), problem }))
  })
}

interface Package {
  readonly folder: string
  readonly manifest: Manifest
  readonly exported: ReadonlySet<string>
  readonly names: readonly string[]
  readonly rootManifest: Manifest
}

function manifestProblems({ manifest, names }: Package, drawn: readonly string[]): string[] {
  return Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies })
    .filter((name) => names.includes(name) && !drawn.some((allowed) => packageOf(allowed) === name))
    .map((name) => `depends on ${name}, an arrow that is not in the drawing`)
}

function importProblem(own: Package, drawn: readonly string[], file: string, specifier: string): string | undefined {
  const { folder, manifest, exported, names, rootManifest } = own
  const test = isTest(file, folder)
  if (specifier.startsWith('.')) {
    const target = resolve(dirname(file), specifier)
    return target.startsWith(folder + sep) ? undefined : `imports ${specifier}, which lies outside its package`
  }
  if (isBuiltin(specifier)) {
    return specifier.startsWith('node:') ? undefined : `imports ${specifier} without node:`
  }
  const name = packageOf(specifier)
  if (names.includes(name)) {
    if (!exported.has(specifier)) return `imports ${specifier}, which ${name} does not export`
    if (test && (name === manifest.name || TESTS_MAY.includes(specifier))) return undefined
    return drawn.includes(specifier)
      ? declared(own, name, test)
      : `imports ${specifier}, an arrow that is not in the drawing`
  }
  return test && rootManifest.devDependencies?.[name] !== undefined ? undefined : declared(own, name, test)
}

function declared({ manifest }: Package, name: string, test: boolean): string | undefined {
  const shipped = { ...manifest.dependencies, ...manifest.peerDependencies, ...manifest.optionalDependencies }
  const known = test || manifest.private === true ? { ...shipped, ...manifest.devDependencies } : shipped
  return name in known ? undefined : `imports ${name}, which its package.json does not name`
}

/** An optional peer may be missing: what cannot run without it may not stand at the top of a module. */
function neededProblem({ manifest }: Package, specifier: string): string[] {
  const optional = manifest.peerDependenciesMeta?.[packageOf(specifier)]?.optional === true
  return optional ? [`needs ${specifier}, an optional peer, before it can run; import() it`] : []
}

function isTest(file: string, folder: string): boolean {
  return file.endsWith('.test.ts') || relative(folder, file).startsWith(`test${sep}`)
}

function publicSpecifiers(manifest: Manifest): string[] {
  return Object.keys(manifest.exports ?? {}).map((path) => manifest.name + path.slice(1))
}

function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name))
    .filter(hasManifest)
}

function hasManifest(folder: string): boolean {
  return existsSync(join(folder, 'package.json'))
}
