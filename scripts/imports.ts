import { parseSync } from 'vite'

interface Import {
  readonly specifier: string
  /** Nothing is loaded for it when the module runs. */
  readonly typeOnly: boolean
  /** Loaded, if ever, by an `import()` that the module comes to later. */
  readonly lazy: boolean
}

/**
 * What a module names: static imports, re-exports, dynamic imports, imported types, `require` and
 * `import.meta.resolve`. What is computed when the module runs is not seen.
 */
export function specifiersOf(file: string, source: string): string[] {
  return importsOf(file, source).map(({ specifier }) => specifier)
}

/** What a module loads when it runs. */
export function loadedBy(file: string, source: string): string[] {
  return importsOf(file, source).flatMap(({ specifier, typeOnly }) => (typeOnly ? [] : [specifier]))
}

/** What has to be there before a module can run. */
export function neededBy(file: string, source: string): string[] {
  return importsOf(file, source).flatMap(({ specifier, typeOnly, lazy }) => (typeOnly || lazy ? [] : [specifier]))
}

function importsOf(file: string, source: string): Import[] {
  const { program, errors } = parseSync(file, source)
  if (errors.length > 0) throw new SyntaxError(`${file}: ${errors.map(({ message }) => message).join('; ')}`)
  const found: Import[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('type' in value) found.push(...importIn(value as Node))
    for (const child of Object.values(value)) visit(child)
  }
  visit(program)
  return found
}

type Node = Readonly<Record<string, unknown>> & { readonly type: unknown }

function importIn(node: Node): Import[] {
  switch (node.type) {
    case 'ImportDeclaration':
      return named(node.source, node.importKind === 'type')
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return named(node.source, node.exportKind === 'type')
    case 'TSImportType':
      return named(node.source, true)
    case 'ImportExpression':
      return named(node.source, false, true)
    case 'TSExternalModuleReference':
      return named(node.expression)
    case 'CallExpression':
      return isRequire(node.callee) || isMetaResolve(node.callee)
        ? named((node.arguments as readonly unknown[])[0])
        : []
    default:
      return []
  }
}

function isRequire(callee: unknown): boolean {
  return (callee as { name?: unknown }).name === 'require'
}

function isMetaResolve(callee: unknown): boolean {
  const member = callee as { object?: { type?: unknown }; property?: { name?: unknown } } | null
  return member?.object?.type === 'MetaProperty' && member.property?.name === 'resolve'
}

/** Text in quotes, or in backticks with nothing to fill in. */
function named(node: unknown, typeOnly = false, lazy = false): Import[] {
  const { value, quasis } = (node ?? {}) as { value?: unknown; quasis?: readonly { value: { cooked: string } }[] }
  const specifier = quasis?.length === 1 ? quasis[0]?.value.cooked : value
  return typeof specifier === 'string' ? [{ specifier, typeOnly, lazy }] : []
}
