import { CID } from 'multiformats/cid'
import { StorageError } from '../errors/storage-error.ts'
import type { Body, CallOptions } from '../spi/backend.ts'
import type { Block } from '../spi/near-store.ts'
import { MAX_BLOCK_SIZE } from '../unixfs/bounds.ts'
import { byteReader } from './byte-reader.ts'
import { readLength, readPrelude } from './car-prelude.ts'

/** With room for a dag-pb frame around 2 MiB of data. */
const MAX_BLOCK = MAX_BLOCK_SIZE + 1024
/** More than any CID of a hash in use; identity CIDs carry 128 bytes at most. */
const MAX_CID = 256

export interface ReadCarOptions extends CallOptions {
  /** Bytes of the largest block taken. Default: 2 MiB + 1 KiB. */
  readonly maxBlockSize?: number | undefined
}

export interface Car {
  readonly roots: readonly CID[]
  /** As they stand in the file. Hashes are not checked: see `verifyBlock`. One reader; leaving early releases the source. */
  readonly blocks: AsyncGenerator<Block>
}

/**
 * Reads a CARv1, or the CARv1 inside a CARv2, holding one block and one chunk of the source at a time.
 * What is no CAR, is damaged, or ends inside a frame: `integrity`. A CARv1 that was cut between two
 * frames cannot be told from a whole one: whoever imports it looks for the blocks that its roots need.
 * An error of the source is passed on as it is. Read `blocks`, or call its `return()`: until then the source stays open.
 */
export async function readCar(source: Body, options: ReadCarOptions = {}): Promise<Car> {
  const parts = readParts(source, options)
  const { value: roots } = await parts.next()
  return { roots: roots as readonly CID[], blocks: parts as AsyncGenerator<Block> }
}

/** The roots first, then every block: one generator, so that it has begun, and `return()` closes the source, when it is handed out. */
async function* readParts(
  source: Body,
  options: ReadCarOptions,
): AsyncGenerator<readonly CID[] | Block, void, undefined> {
  const { signal, maxBlockSize = MAX_BLOCK } = options
  const reader = byteReader(source, signal)
  try {
    yield await readPrelude(reader)
    while (!(await reader.atEnd())) {
      const frame = await reader.exactly(await readLength(reader, maxBlockSize + MAX_CID))
      const block = splitFrame(frame, reader.position)
      if (block.bytes.length > maxBlockSize) {
        throw new StorageError(
          'integrity',
          `Block ${block.cid} has ${block.bytes.length} bytes; ${maxBlockSize} are the most.`,
          { cid: block.cid },
        )
      }
      yield block
    }
  } finally {
    await reader.close()
  }
}

function splitFrame(frame: Uint8Array, position: number): Block {
  try {
    const { size, version, digestSize } = CID.inspectBytes(frame)
    if (version === 0 && (frame[0] !== 0x12 || digestSize !== 32)) throw new RangeError('Neither a CIDv0 nor a CIDv1.')
    // The CID gets bytes of its own: whoever keeps it does not keep the block.
    return { cid: CID.decode(frame.slice(0, size)), bytes: frame.subarray(size) }
  } catch (cause) {
    throw new StorageError('integrity', `The frame before byte ${position} of the CAR starts with no CID.`, { cause })
  }
}
