import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The root of the checkout that this script lies in. */
export const root: string = join(import.meta.dirname, '..')

export interface Manifest {
  readonly name: string
  readonly version?: string | undefined
  readonly private?: boolean | undefined
  readonly dependencies?: Readonly<Record<string, string>> | undefined
  readonly devDependencies?: Readonly<Record<string, string>> | undefined
  readonly peerDependencies?: Readonly<Record<string, string>> | undefined
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean | undefined }>> | undefined
  readonly optionalDependencies?: Readonly<Record<string, string>> | undefined
  readonly exports?: Readonly<Record<string, unknown>> | undefined
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest
}

/** Files below a folder whose name the pattern matches, sorted; installed and built ones left out. */
export function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : filesBelow(path, pattern)
      return entry.isFile() && pattern.test(entry.name) ? [path] : []
    })
    .sort()
}

const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git'])
