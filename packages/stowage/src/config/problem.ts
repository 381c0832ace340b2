import { inspect } from 'node:util'
import { StorageError } from '@stowage/core'

export type Path = readonly PropertyKey[]

/** One thing that is wrong in a configuration. */
export interface Problem {
  readonly path: Path
  /** What was expected and what was found, without the path. */
  readonly text: string
}

/** Where a configuration came from, for messages. */
export interface Origin {
  /** The file's path, or how the object is called. */
  readonly label: string
  /** Line of a path in that file, counted from 1, where it is known. */
  readonly lineOf?: ((path: Path) => number | undefined) | undefined
}

/** All problems at once, as one `invalid-config`. */
export function configError(origin: Origin, problems: readonly Problem[]): StorageError {
  const texts = problems.map(({ path, text }) => {
    const line = origin.lineOf?.(path)
    const place = [path.length > 0 ? dotted(path) : '', line === undefined ? '' : `(line ${line})`]
      .filter(Boolean)
      .join(' ')
    return place === '' ? text : `${place}: ${text}`
  })
  return new StorageError('invalid-config', `${origin.label}: ${texts.join('; ')}`, { source: origin.label })
}

/** `backends.s3.bucket`, `backends.gateways[0]`. */
export function dotted(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${String(key)}`
  }, '')
}

const SECRET = /key|secret|token|password|credential|header|auth/i

/** A value as it may stand in a message: short, and only its type where the path tells of a secret. */
export function show(value: unknown, path: Path): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (path.some((key) => SECRET.test(String(key))))
    return `${typeof value === 'string' ? 'text' : `a ${typeof value}`} (not shown)`
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/** The value at a path of plain data. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    return (value as Record<PropertyKey, unknown>)[key]
  }, data)
}
