import { readdirSync, rmSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'
import { rolldown } from 'rolldown'
import { readManifest, root, type Manifest } from './workspace.ts'

// Writes what the packages run when they are installed: a few files each instead of one for each module, because finding and
// compiling a file takes longer than running it. `tsc` writes the types beside them.

/** What Node starts by its path: no export leads to it. */
const PROGRAMS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '@stowage/core': { worker: 'src/hash/worker.ts' },
  stowage: { cli: 'src/cli/main.ts' },
}

await Promise.all(readdirSync(join(root, 'packages')).map((name) => bundle(join(root, 'packages', name))))

/** All files lie flat in `dist`, so that a path relative to one of them does not depend on which module went where. */
async function bundle(folder: string): Promise<void> {
  const manifest = readManifest(folder)
  const dist = join(folder, 'dist')
  const built = await rolldown({
    cwd: folder,
    input: { ...entries(manifest), ...PROGRAMS[manifest.name] },
    platform: 'node',
    // Dependencies stay packages of their own: shared with the program, and mended without us.
    external: (id) => !id.startsWith('.') && !isAbsolute(id),
    // Some modules have no export and are imported for what they do.
    treeshake: { moduleSideEffects: true },
  })
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (/\.js(\.map)?$/.test(file)) rmSync(join(dist, file))
  }
  await built.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    sourcemap: true,
    // The sources are in the package.
    sourcemapExcludeSources: true,
  })
  await built.close()
}

/** The sources behind a package's exports, by the name of the file that stands for each in `dist`. */
function entries({ exports = {} }: Manifest): Record<string, string> {
  const conditions = Object.values(exports).filter((target) => typeof target === 'object' && target !== null)
  return Object.fromEntries(
    (conditions as Record<string, string>[]).map(({ '@stowage/source': source = '', default: file = '' }) => [
      basename(file, '.js'),
      source,
    ]),
  )
}
