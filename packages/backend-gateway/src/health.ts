import { StorageError, throwIfAborted, type Health } from '@stowage/core/spi'
import { isPage, pageInstead } from './blocks.ts'
import { blame, statusError, wrongBytes } from './errors.ts'
import type { Answer, Http } from './http.ts'

/** Enough to see that it is not what was asked for. */
const PROBE_MOST = 64 * 1024

export interface Probe {
  readonly url: URL
  /** Of the backend. */
  readonly name: string
  /** True: a server of files, which is there when it says that it has none. */
  readonly files: boolean
}

/** Asks for a block of no bytes that every gateway has. What refuses blocks is reachable, too: it may give files. */
export async function probe(send: Http, { url, name, files }: Probe, signal: AbortSignal): Promise<Health> {
  const startedAt = performance.now()
  try {
    const answer = await send({ url, headers: { accept: 'application/vnd.ipld.raw' }, signal })
    const latency = performance.now() - startedAt
    await (answer.status === 200 && !files ? readProbe(answer) : answer.drop())
    if (answer.status === 200 || (answer.status === 404 && files)) return { reachable: true, latency }
    if (answer.status === 404) throw new StorageError('unsupported', `${url.host} is no trustless gateway.`)
    const error = statusError(answer.status, undefined, answer.url)
    if (error.code === 'unsupported') return { reachable: true, latency }
    throw error
  } catch (error) {
    throwIfAborted(signal)
    return { reachable: false, error: blame(error, { backend: name, source: name, operation: 'health' }) }
  }
}

async function readProbe(answer: Answer): Promise<void> {
  const { length } = await answer.bytes(PROBE_MOST)
  if (isPage(answer)) throw pageInstead(answer)
  if (length > 0) throw wrongBytes(`${answer.url.host} gave ${length} bytes for a block of none.`)
}
