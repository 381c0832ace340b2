import { resolve } from 'node:path'
import type { Environment } from '@stowage/core'
import type { StowageConfig } from './config.ts'
import { findConfigFile } from './find-file.ts'

export interface LoadOptions {
  /** A file, an object, `false` for none; otherwise `stowage.config.*` is looked for in `cwd`. */
  readonly config?: string | object | false | undefined
  readonly env: Environment
  readonly cwd: string
  /** The folder that `${dir}` stands for, given what the configuration itself says about it. */
  readonly dirOf: (configured: string | undefined) => string
}

export interface LoadedConfig {
  readonly config: StowageConfig
  /** The file it came from. */
  readonly file?: string | undefined
  /** Dotted paths of keys that nobody knows. */
  readonly unknownKeys: readonly string[]
}

/**
 * Finds, reads, fills in and checks the configuration. Everything wrong with it is reported at once, as `invalid-config`.
 * The parsers are loaded only when there is something to parse: most programs have no config file.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const { config, cwd } = options
  const file =
    config === undefined ? await findConfigFile(cwd) : typeof config === 'string' ? resolve(cwd, config) : undefined
  if (config === false || (config === undefined && file === undefined)) return { config: {}, unknownKeys: [] }
  const [{ interpret }, { readConfigFile }] = await Promise.all([import('./interpret.ts'), import('./read-file.ts')])
  const source = file === undefined ? { value: config, lineOf: () => undefined } : await readConfigFile(file)
  return interpret(source, file, options)
}
