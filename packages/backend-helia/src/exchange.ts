import type { PeerId } from '@libp2p/interface'
import { raceAbort, semaphore, throwIfAborted, type CID, type FetchBlock } from '@stowage/core/spi'
import { holders, search, type Searching } from './search.ts'

/**
 * Blocks from other nodes. Who gave a block is asked first for the next one, whoever of them has least to do; all others are asked whether they have it, at
 * once, and who says so first gives it; then providers are looked up. All say no: it is not there. Absence cannot be proven by asking, so "nobody whom
 * we reached has it" is what `undefined` means.
 */
export interface Exchange {
  readonly fetch: FetchBlock
  /** Of those connected. */
  holders(cid: CID, signal: AbortSignal): AsyncIterable<PeerId>
}

/** Blocks under way at a time, over all peers: beyond 1024 a peer forgets wants, and before that memory is the bound. */
const WINDOW = 32

interface Job {
  readonly done: Promise<Uint8Array | undefined>
  readonly stop: AbortController
  waiting: number
}

export function createExchange(options: Omit<Searching, 'givers'>): Exchange {
  const slots = semaphore(WINDOW)
  const jobs = new Map<string, Job>()
  /** Who gave blocks lately. */
  const givers = new Map<string, PeerId>()

  /** One job for all who want the same block now. It stops when nobody does any more. */
  async function fetch(
    cid: CID,
    { signal }: { readonly signal?: AbortSignal | undefined },
  ): Promise<Uint8Array | undefined> {
    throwIfAborted(signal)
    const key = Buffer.from(cid.multihash.bytes).toString('latin1')
    const job = jobs.get(key) ?? begin(key, cid)
    job.waiting++
    try {
      return await raceAbort(job.done, signal)
    } finally {
      job.waiting--
      if (job.waiting === 0) job.stop.abort()
    }
  }

  function begin(key: string, cid: CID): Job {
    const stop = new AbortController()
    const done = begun(cid, stop.signal).finally(() => jobs.delete(key))
    done.catch(() => {})
    stop.signal.addEventListener('abort', () => jobs.delete(key), { once: true })
    const job = { done, stop, waiting: 0 }
    jobs.set(key, job)
    return job
  }

  async function begun(cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const free = await slots.acquire(signal)
    try {
      return await search({ ...options, givers }, cid, signal)
    } finally {
      free()
    }
  }

  return { fetch, holders: (cid, signal) => holders({ ...options, givers }, cid, signal) }
}
