import { dirname, resolve } from 'node:path'
import type { Environment } from '@stowage/core'
import { expandHome } from '../home.ts'
import type { StowageConfig } from './config.ts'
import { interpolate } from './interpolate.ts'
import { fromLegacy, LEGACY_ROOT, type Mapped } from './legacy.ts'
import type { LoadedConfig, LoadOptions } from './load-config.ts'
import { isMapping, normalise } from './normalise.ts'
import type { ParsedText } from './parse-text.ts'
import { configError, dotted, type Origin, type Path, valueAt } from './problem.ts'
import { checkConfig } from './schema.ts'

/** What a configuration comes to once its form is settled, its variables filled in and everything checked. */
export function interpret(
  source: ParsedText,
  file: string | undefined,
  { env, cwd, dirOf }: LoadOptions,
): LoadedConfig {
  const label = file ?? 'config'
  const clean = normalise(source.value ?? {})
  const origin: Origin = { label, lineOf: source.lineOf }
  if (clean.problems.length > 0) throw configError(origin, clean.problems)
  if (!isMapping(clean.value)) throw configError(origin, [{ path: [], text: 'expected a mapping at the top' }])

  const { value, strangers, pathOf } = LEGACY_ROOT in clean.value ? fromLegacy(clean.value) : today(clean.value)
  const base = file === undefined ? cwd : dirname(file)
  const ownDir = interpolate(valueAt(value, ['dir']), (name) => env[name], ['dir'])
  const dir = dirOf(
    typeof ownDir.value === 'string' && ownDir.value !== '' ? locate(ownDir.value, base, env) : undefined,
  )
  const filled = interpolate(value, (name) => (name === 'dir' || name === 'cache_dir' ? dir : env[name]))
  const checked = checkConfig(
    isMapping(filled.value) ? { ...filled.value, ...own(ownDir.value) } : filled.value,
    (path) => valueAt(value, path),
  )

  const problems = [...ownDir.problems, ...filled.problems.filter(({ path }) => path[0] !== 'dir'), ...checked.problems]
  if (problems.length > 0)
    throw configError(
      origin,
      problems.map(({ path, text }) => ({ path: pathOf(path), text })),
    )
  return {
    config: located(checked.config, base, env),
    file,
    unknownKeys: [...strangers, ...checked.unknownKeys.map(pathOf)].map(dotted),
  }
}

const today = (value: unknown): Mapped => ({ value, strangers: [], pathOf: (path: Path) => path })

const own = (dir: unknown): { dir?: unknown } => (dir === undefined ? {} : { dir })

/** Folders of a config file are relative to it, so that it means the same wherever the program is started. */
function located(config: StowageConfig, base: string, env: Environment): StowageConfig {
  const path = config.backends?.local?.path
  return {
    ...config,
    ...(config.dir !== undefined && { dir: locate(config.dir, base, env) }),
    ...(path !== undefined && {
      backends: { ...config.backends, local: { ...config.backends?.local, path: locate(path, base, env) } },
    }),
  }
}

function locate(path: string, base: string, env: Environment): string {
  return resolve(base, expandHome(path, env))
}
