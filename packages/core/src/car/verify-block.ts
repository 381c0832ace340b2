import { equalBytes } from '../bytes/equal.ts'
import { IDENTITY, SHA2_256 } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { sha256 } from '../hash/digest.ts'
import type { Block } from '../spi/near-store.ts'

/** Throws `integrity` when the bytes are not those of the CID, `unsupported` when its hash is neither sha2-256 nor identity. */
export function verifyBlock(block: Block): void {
  const { cid, bytes } = block
  if (!equalBytes(digestFor(block), cid.multihash.digest)) {
    throw new StorageError('integrity', `${bytes.length} bytes that do not hash to ${cid}.`, { cid })
  }
}

function digestFor({ cid, bytes }: Block): Uint8Array {
  const { code, size } = cid.multihash
  if (code === IDENTITY) return bytes
  if (code === SHA2_256 && size === 32) return sha256(bytes)
  throw new StorageError(
    'unsupported',
    `${cid} has hash 0x${code.toString(16)} of ${size} bytes; only sha2-256 and identity are checked.`,
    { cid },
  )
}
