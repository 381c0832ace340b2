import type { CID } from 'multiformats/cid'
import type { BlobRecord } from '../spi/catalog.ts'
import type { NearStore } from '../spi/near-store.ts'

/** The record of content that can be read here. One whose bytes are gone only keeps its names and pins for a put. */
export async function recordNear(near: NearStore, cid: CID): Promise<BlobRecord | undefined> {
  const record = await near.catalog.get(cid)
  return record?.lost === true ? undefined : record
}
