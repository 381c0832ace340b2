import { StorageError } from '../errors/storage-error.ts'
import type { Layout } from '../unixfs/layout.ts'
import { defaultLayout, fixedSize, layouts } from '../unixfs/layouts.ts'
import type { PutOptions } from './types.ts'

/** The layout that `layout` and `chunker` ask for together; `invalid-argument` for what nobody knows. */
export function layoutOf({ layout, chunker }: Pick<PutOptions, 'layout' | 'chunker'>): Layout {
  const base = typeof layout === 'string' ? named(layout) : (layout ?? defaultLayout)
  if (chunker === undefined) return base
  const splitter = typeof chunker === 'string' ? fixedSize(leafSize(chunker)) : chunker
  return { ...base, name: `${base.name}+${splitter.name}`, splitter }
}

function named(name: string): Layout {
  if (Object.hasOwn(layouts, name)) return layouts[name as keyof typeof layouts]
  throw new StorageError(
    'invalid-argument',
    `There is no layout ${JSON.stringify(name)}; there are ${Object.keys(layouts).join(', ')}.`,
  )
}

function leafSize(chunker: string): number {
  const digits = /^size-(\d{1,9})$/.exec(chunker)?.[1]
  if (digits === undefined) {
    throw new StorageError(
      'invalid-argument',
      `${JSON.stringify(chunker)} is no chunker: write size-<bytes>, for instance size-262144.`,
    )
  }
  return Number(digits)
}
