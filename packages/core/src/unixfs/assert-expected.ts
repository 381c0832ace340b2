import type { CID } from 'multiformats/cid'
import { equalBytes } from '../bytes/equal.ts'
import { cidKey } from '../cid/key.ts'
import { StorageError } from '../errors/storage-error.ts'
import type { IngestOptions } from '../spi/near-store.ts'

/** What bytes turned out to be. */
export interface Found {
  readonly cid: CID
  /** SHA-256 of all bytes, where it was computed. */
  readonly sha256?: Uint8Array | undefined
}

/** Throws `integrity` when content is not what `IngestOptions.expect` says. A CIDv0 and its CIDv1 twin are the same. */
export function assertExpected({ cid, sha256 }: Found, expect: IngestOptions['expect']): void {
  if (expect?.cid !== undefined && cidKey(expect.cid) !== cidKey(cid)) {
    throw new StorageError('integrity', `The bytes are ${cid}, not ${expect.cid} as expected.`, { cid: expect.cid })
  }
  if (expect?.sha256 !== undefined && (sha256 === undefined || !equalBytes(expect.sha256, sha256))) {
    throw new StorageError('integrity', `The SHA-256 of ${cid} is not the expected one.`, { cid })
  }
}
