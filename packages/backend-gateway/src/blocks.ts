import { MAX_BLOCK_SIZE, StorageError, verifyBlock, type CID, type FetchBlock } from '@stowage/core/spi'
import type { GatewayAddress } from './address.ts'
import type { Answer } from './http.ts'
import type { Site } from './site.ts'

const TYPE = { accept: 'application/vnd.ipld.raw' }
const QUERY = { format: 'raw' }

/** Blocks one by one (Trustless Gateway specification, `format=raw`). At most 2 MiB of an answer are taken. */
export function rawBlocks(site: Site, address: GatewayAddress): FetchBlock {
  return async (cid, { signal }) => {
    const answer = await site.ask({ url: address.content(cid, QUERY), headers: TYPE, signal: signal as AbortSignal })
    if (answer === undefined) return undefined
    const bytes = await answer.bytes(MAX_BLOCK_SIZE)
    if (isPage(answer)) assertBlock(cid, bytes, answer)
    return bytes
  }
}

/**
 * Size of a raw block, by a HEAD. `undefined`: it is not here; `'unknown'`: the gateway does not say, or knows no HEAD.
 */
export async function rawBlockSize(
  site: Site,
  address: GatewayAddress,
  cid: CID,
  signal: AbortSignal,
): Promise<number | 'unknown' | undefined> {
  const answer = await site.head({ url: address.content(cid, QUERY), headers: TYPE, signal })
  if (answer === undefined || answer === 'unknown') return answer
  const length = Number(answer.headers.get('content-length') ?? Number.NaN)
  // Some say 0 to every HEAD.
  return !isPage(answer) && length > 0 && length <= MAX_BLOCK_SIZE ? length : 'unknown'
}

/** A page for people: of a proxy, a login, an error with status 200. */
export function isPage({ headers }: Pick<Answer, 'headers'>): boolean {
  return /^\s*(text\/html|application\/xhtml)/i.test(headers.get('content-type') ?? '')
}

export function pageInstead({ url }: Pick<Answer, 'url'>): StorageError {
  return new StorageError('unavailable', `${url.host} answered with a page for people.`, { transient: true })
}

/** A page is no lie about the content: whoever shows it does not speak about blocks at all. */
function assertBlock(cid: CID, bytes: Uint8Array, answer: Answer): void {
  try {
    verifyBlock({ cid, bytes })
  } catch {
    throw pageInstead(answer)
  }
}
