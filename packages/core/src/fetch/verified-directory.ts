import type { CID } from 'multiformats/cid'
import { cidKey } from '../cid/key.ts'
import type { CallOptions } from '../spi/backend.ts'
import type { Directory } from '../spi/near-store.ts'
import { directoryLinks } from '../unixfs/directory/directory-links.ts'
import type { Source } from './sources.ts'

/** The nodes of a directory as one source gives them, verified. `undefined`: it does not have it, or it is none. */
export async function verifiedDirectory(
  { asked }: Source,
  cid: CID,
  options: CallOptions,
): Promise<Directory | undefined> {
  const given = await asked.directory?.(cid, options)
  if (given === undefined) return undefined
  const { nodes, size } = given
  const children = new Map([...directoryLinks({ cid, nodes })].map((link) => [cidKey(link.cid), link.cid]))
  return { cid, nodes, size, children: [...children.values()] }
}
