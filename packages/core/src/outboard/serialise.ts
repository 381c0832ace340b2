import type { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import type { Block } from '../spi/near-store.ts'

/**
 * A CARv1 with root `cid` and its interior nodes depth first, each once. `nodes` come in any order, and may
 * repeat; those that `cid` does not lead to are left out. Nothing is verified. No nodes: only the header.
 */
export function serialiseOutboard(cid: CID, nodes: Iterable<Block>): Uint8Array {
  throw new StorageError('unexpected', `Not written yet: ${cid} ${[...nodes].length}`)
}
