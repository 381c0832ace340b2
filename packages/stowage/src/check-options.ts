import { parseDuration } from './config/duration.ts'
import { configError, type Problem, show } from './config/problem.ts'
import { parseSize } from './config/size.ts'
import type { StorageOptions } from './options.ts'

interface Rule {
  readonly expected: string
  readonly holds: (value: unknown) => boolean
}

const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' }
const has =
  (names: readonly string[]) =>
  (value: unknown): boolean =>
    isObject(value) && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function')
const isBackend = has(['stat', 'read', 'health', 'close'])
const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null

const LIMITS = ['idleTimeout', 'deadline', 'window']

const RULES: Readonly<Record<keyof StorageOptions, Rule>> = {
  dir: { expected: 'the path of a folder', holds: (value) => typeof value === 'string' && value.trim() !== '' },
  tiers: { expected: 'a list of backends', holds: (value) => Array.isArray(value) && value.every(isBackend) },
  distributed: flag,
  forceLocal: flag,
  detectCi: flag,
  env: { expected: 'variables by name', holds: isObject },
  config: {
    expected: 'a file, an object or false',
    holds: (value) => value === false || isObject(value) || (typeof value === 'string' && value !== ''),
  },
  maxSize: { expected: 'a size such as 10GB, or a number of bytes', holds: (value) => parseSize(value) !== undefined },
  gcInterval: {
    expected: 'a duration such as 30s or 1h, or milliseconds, up to 24 days',
    holds: (value) => parseDuration(value) !== undefined,
  },
  pinByDefault: flag,
  fetch: {
    expected: 'idleTimeout, deadline and window as numbers above 0',
    holds: (value) =>
      isObject(value) &&
      Object.entries(value as object).every(
        ([name, each]) => LIMITS.includes(name) && (each === undefined || (typeof each === 'number' && each > 0)),
      ),
  },
  logger: { expected: 'an object with debug, info, warn and error', holds: has(['debug', 'info', 'warn', 'error']) },
}

/** `invalid-config` for options of the wrong kind, all at once. Callers without types get the same answer as a config file does. */
export function checkOptions(options: StorageOptions): void {
  const problems = Object.entries(RULES).flatMap(([name, rule]): Problem[] => {
    const value = options[name as keyof StorageOptions]
    if (value === undefined || rule.holds(value)) return []
    return [{ path: [name], text: `expected ${rule.expected}, found ${show(value, [name])}` }]
  })
  if (problems.length > 0) throw configError({ label: 'options' }, problems)
}
