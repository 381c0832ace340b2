import type { Path, Problem } from './problem.ts'

/**
 * A copy without empty values: `null` below `backends` is a backend without settings, anywhere else it is nothing.
 * Backends that are switched off (`enabled: false`) are left out with all they hold, so that what only they need
 * may be missing. Refuses values that contain themselves, and keys that would reach a prototype.
 */
export function normalise(value: unknown): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []

  const copy = (value: unknown, path: Path, above: readonly unknown[] = []): unknown => {
    if (above.includes(value)) {
      problems.push({ path, text: 'expected a value that does not contain itself' })
      return undefined
    }
    if (Array.isArray(value)) return value.map((item, index) => copy(item, [...path, index], [...above, value]))
    if (!isMapping(value)) return value
    const result: Record<string, unknown> = {}
    for (const [key, child] of Object.entries(value)) {
      const below = [...path, key]
      if (key === '__proto__') problems.push({ path: below, text: 'expected no key of this name' })
      else if (child === null || child === undefined) {
        if (path.at(-1) === 'backends') result[key] = {}
      } else if (!(path.at(-1) === 'backends' && isMapping(child) && child['enabled'] === false)) {
        result[key] = copy(child, below, [...above, value])
      }
    }
    return result
  }

  return { value: copy(value, []), problems }
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
