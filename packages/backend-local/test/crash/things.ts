import { buildDirectory, fixedSize, layouts, parseCid, type BuiltDirectory, type Layout } from '@stowage/core/spi'
import { content } from '../content.ts'
import type { Thing } from './model.ts'

/** Many leaves in few bytes. */
export const smallLeaves: Layout = {
  ...layouts['unixfs-v1-2025'],
  name: 'small',
  splitter: fixedSize(4096),
  maxLinks: 4,
}

export function bytesOfThing({ id, size }: Pick<Thing, 'id' | 'size'>): Uint8Array {
  return content(id, size)
}

/** The directory under this id: no other one has the same names in it, hence none the same CID. */
export function directoryOf(id: string, children: readonly Thing[]): BuiltDirectory {
  return buildDirectory(
    children.map((child) => ({
      name: `${id}.${child.id}`,
      cid: parseCid(child.cid),
      size: child.size,
      dagSize: child.size,
    })),
  )
}
