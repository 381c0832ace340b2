import { isMapping } from './normalise.ts'
import { type Path, type Problem, show } from './problem.ts'

/**
 * Replaces `${NAME}` in all texts; `$${` stands for `${` itself. What is put in is not looked at again, so a
 * variable can bring in text and never structure.
 */
export function interpolate(
  value: unknown,
  lookup: (name: string) => string | undefined,
  path: Path = [],
): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []

  const fill = (text: string, path: Path): string =>
    text.replace(/\$?\$\{([^}]*)(\}?)/g, (whole, name: string, end: string) => {
      if (whole.startsWith('$${')) return whole.slice(1)
      const found = end === '}' && /^[A-Za-z_]\w*$/.test(name) ? lookup(name) : undefined
      if (found !== undefined) return found
      const text =
        end === ''
          ? 'expected } after ${'
          : /^[A-Za-z_]\w*$/.test(name)
            ? `expected the environment variable ${name}, which is not set`
            : `expected the name of a variable between \${ and }, found ${show(whole, path)}`
      problems.push({ path, text })
      return whole
    })

  const walk = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return fill(value, path)
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]))
    if (!isMapping(value)) return value
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, walk(child, [...path, key])]))
  }

  return { value: walk(value, path), problems }
}
