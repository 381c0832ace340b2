import { equalBytes } from '../bytes/equal.ts'
import { reader } from '../bytes/varint.ts'
import { DAG_PB, SHA2_256 } from '../cid/make.ts'
import { StorageError } from '../errors/storage-error.ts'
import { MAX_BLOCK_SIZE } from '../unixfs/bounds.ts'

const DIGEST_LENGTH = 32
const MAX_FRAME = MAX_BLOCK_SIZE + 4 + DIGEST_LENGTH

/** Reads the CAR frames of an outboard in order. */
export interface FrameReader {
  readonly done: boolean
  /** The payload of the next frame, if it is the dag-pb block with that digest; then it is read over. */
  takeIf(digest: Uint8Array): Uint8Array | undefined
}

/** `bytes`: what follows the CAR's header. Frames that an outboard cannot hold: `integrity`. */
export function frameReader(bytes: Uint8Array): FrameReader {
  const from = reader(bytes)
  let next = readFrame()

  function readFrame(): { digest: Uint8Array; payload: Uint8Array } | undefined {
    if (from.done) return undefined
    const length = from.varint()
    if (length > MAX_FRAME)
      throw new StorageError('unsupported', `A node of ${length} bytes is larger than ${MAX_BLOCK_SIZE}.`)
    const frame = from.take(length)
    const versioned = frame[0] === 1 && frame[1] === DAG_PB ? 2 : 0
    if (
      frame[versioned] !== SHA2_256 ||
      frame[versioned + 1] !== DIGEST_LENGTH ||
      frame.length < versioned + 2 + DIGEST_LENGTH
    ) {
      throw new StorageError('integrity', 'An outboard holds a block that is no dag-pb node by sha2-256.')
    }
    const payloadAt = versioned + 2 + DIGEST_LENGTH
    return { digest: frame.subarray(versioned + 2, payloadAt), payload: frame.subarray(payloadAt) }
  }

  return {
    get done() {
      return next === undefined
    },
    takeIf: (digest) => {
      if (next === undefined || !equalBytes(next.digest, digest)) return undefined
      const { payload } = next
      next = readFrame()
      return payload
    },
  }
}
