import { collectUpTo, formatCid, StorageError, type CallOptions, type CID, type FetchBlock } from '@stowage/core/spi'
import { answerError, strangeAnswer } from './errors.ts'
import type { Settings } from './options.ts'
import type { Line } from './request.ts'
import type { Rpc } from './rpc.ts'

/** No block is larger. */
const MOST = 2 * 1024 * 1024

type Signalled = CallOptions & { readonly signal: AbortSignal }

/**
 * Blocks through the RPC. Without `search` the daemon looks into its repository alone (`offline`); with it, it asks its
 * peers for so long, and a block that nobody gave by then counts as not there.
 */
export function blocksOfRpc(rpc: Rpc, { search, timeout }: Settings): FetchBlock {
  return async (cid, options) => {
    const { signal } = options as Signalled
    const looking = search === undefined ? { offline: true } : { timeout: `${search}ms` }
    try {
      return await rpc.bytes(
        { name: 'block/get', options: { arg: formatCid(cid), ...looking }, patience: timeout + (search ?? 0), signal },
        MOST,
      )
    } catch (error) {
      if (StorageError.is(error, 'not-found') || (search !== undefined && isSearchOver(error))) return undefined
      throw error
    }
  }
}

/** The daemon's own word for it; a daemon that says nothing at all has another cause. */
function isSearchOver(error: unknown): boolean {
  return StorageError.is(error, 'timeout') && /deadline exceeded|answered 504/.test(error.message)
}

/** What a trustless gateway answers for a block that it does not have (Trustless Gateway specification): 412 to `only-if-cached`. */
const MISSING = new Set([404, 412])

/** Blocks through a trustless gateway, likewise. */
export function blocksOfGateway(line: Line, { search, timeout }: Settings): FetchBlock {
  const cached = search === undefined ? { 'cache-control': 'only-if-cached' } : undefined
  return async (cid, options) => {
    const { signal } = options as Signalled
    const searching = search === undefined ? undefined : AbortSignal.timeout(search)
    const both = searching === undefined ? signal : AbortSignal.any([signal, searching])
    try {
      const answer = await line.send({
        method: 'GET',
        path: `/ipfs/${formatCid(cid)}?format=raw`,
        headers: { accept: 'application/vnd.ipld.raw', ...cached },
        patience: timeout + (search ?? 0),
        signal: both,
      })
      if (answer.status === 200) return await collectUpTo(MOST, answer.body)
      answer.drop()
      if (MISSING.has(answer.status) || (search !== undefined && answer.status === 504)) return undefined
      throw answerError(line.shown, answer.status, '')
    } catch (error) {
      if (searching?.aborted && error === searching.reason) return undefined
      throw error
    }
  }
}

/** Bytes of a block in the daemon's own repository. `undefined`: it is not there. */
export async function sizeOfBlock(
  rpc: Rpc,
  cid: CID,
  { timeout }: Settings,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const command = { name: 'block/stat', options: { arg: formatCid(cid), offline: true }, patience: timeout, signal }
    const { Key, Size } = await rpc.one(command)
    const right = typeof Size === 'number' && Number.isSafeInteger(Size) && Size >= 0
    if (right && typeof Key === 'string') return Size
    throw strangeAnswer(rpc.shown, `gave no size for ${cid}.`)
  } catch (error) {
    if (StorageError.is(error, 'not-found')) return undefined
    throw error
  }
}
