import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { loadedBy } from './imports.ts'
import { filesBelow } from './workspace.ts'

/** Folders of core that the design calls pure: no input or output but through their arguments. */
export const PURE: readonly string[] = [
  'bytes',
  'car',
  'cid',
  'errors',
  'gate',
  'outboard',
  'progress',
  'ref',
  'unixfs',
]

const IMPURE_BUILTINS = /^node:(fs|net|tls|http|https|http2|dgram|dns|child_process|cluster|worker_threads|sqlite)\b/

/** Modules of pure folders below `source` that load something impure, themselves or by what they load; each with the way there. */
export function impureWays(source: string): { readonly file: string; readonly problem: string }[] {
  const ways = new Map<string, readonly string[] | undefined>()

  /** From a module to something impure. Modules that are being looked at are passed over: a circle adds no way. */
  function wayFrom(file: string): readonly string[] | undefined {
    if (ways.has(file) || !existsSync(file)) return ways.get(file)
    ways.set(file, undefined)
    for (const specifier of loadedBy(file, readFileSync(file, 'utf8'))) {
      const onward = specifier.startsWith('.') ? wayFrom(resolve(dirname(file), specifier)) : undefined
      const way = IMPURE_BUILTINS.test(specifier)
        ? [specifier]
        : onward && [relative(source, resolve(dirname(file), specifier)), ...onward]
      if (way !== undefined) {
        ways.set(file, way)
        return way
      }
    }
    return undefined
  }

  return PURE.filter((area) => existsSync(join(source, area)))
    .flatMap((area) => filesBelow(join(source, area), /(?<!\.test)\.ts$/))
    .flatMap((file) => {
      const way = wayFrom(file)
      const area = relative(source, file).split(sep)[0]
      return way === undefined ? [] : [{ file, problem: `loads ${way.join(' → ')} into ${area}/, which is pure` }]
    })
}
