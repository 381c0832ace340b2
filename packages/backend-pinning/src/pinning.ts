import { throwIfAborted, type Backend, type BlobStat, type CID, type Health } from '@stowage/core/spi'
import { callsOf } from './calls.ts'
import { keep } from './keep.ts'
import { listed } from './listing.ts'
import { statOfNote } from './note.ts'
import { allPins, findPins, removePin } from './pins.ts'
import { readingOf } from './reading.ts'
import { service as serviceAt } from './service.ts'

export interface PinningOptions {
  /** What the backend is called in results and errors, and the name of its pins. Default: `pinning`. */
  readonly name?: string | undefined
  /** The service's URL, up to `/pins`. */
  readonly endpoint: string
  readonly token: string
  /**
   * Gets each blob before the service is asked to pin it, and serves it to IPFS: a Kubo daemon, say. Without one, the
   * service has to find the bytes by itself, at `origins` or anywhere in the network.
   */
  readonly via?: Backend | undefined
  /** Multiaddrs of whoever serves the bytes, for the service to dial: at most 20. */
  readonly origins?: readonly string[] | (() => Promise<readonly string[]>) | undefined
  /** Gives the bytes of what the service keeps. Without one nothing can be read from this tier. */
  readonly gateway?: Backend | undefined
  /** Milliseconds that a put waits until the service has everything. Default 600 000. */
  readonly patience?: number | undefined
}

/**
 * Copies at a service that speaks the IPFS Pinning Service API (https://ipfs.github.io/pinning-services-api-spec/). A put
 * is done when the service says `pinned`. What others pinned there counts only if `gateway` knows its size.
 */
export function pinning(
  options: PinningOptions,
): Backend & Required<Pick<Backend, 'put' | 'putDirectory' | 'delete' | 'list'>> {
  const { name = 'pinning', via, gateway, origins = [], patience = 600_000 } = options
  const service = serviceAt(options.endpoint, options.token)
  const calls = callsOf(name)
  const originsNow = async (): Promise<readonly string[]> => (typeof origins === 'function' ? origins() : origins)

  async function kept(cid: CID, signal: AbortSignal): Promise<BlobStat | undefined> {
    const pinned = (await findPins(service, cid, signal)).filter(({ state }) => state === 'pinned')
    for (const { note } of pinned) {
      const stat = statOfNote(cid, note)
      if (stat !== undefined) return stat
    }
    return pinned.length === 0 ? undefined : gateway?.stat(cid, { signal })
  }

  const settings = { name, origins: originsNow, patience }
  return {
    name,
    ...readingOf(calls, service.shown, kept, gateway),
    put: (blob, given) =>
      calls.one('put', blob.cid, given, async (signal) => {
        await via?.put?.(blob, { signal })
        await keep(service, { cid: blob.cid, size: blob.size }, settings, signal)
      }),
    putDirectory: (directory, given) =>
      calls.one('putDirectory', directory.cid, given, async (signal) => {
        await via?.putDirectory?.(directory, { signal })
        await keep(service, { cid: directory.cid, size: directory.size, isDirectory: true }, settings, signal)
      }),
    delete: (cid, given) =>
      calls.one('delete', cid, given, async (signal) => {
        const pins = await findPins(service, cid, signal)
        const removed = await Promise.all(pins.map(({ id }) => removePin(service, id, signal)))
        return removed.includes(true)
      }),
    list: (given) => calls.many('list', given, (signal) => listed(allPins(service, signal), gateway, signal)),
    health: async (given = {}): Promise<Health> => {
      const startedAt = performance.now()
      try {
        const query = { limit: '1' }
        await calls.one('health', undefined, given, (signal) =>
          service.call({ method: 'GET', path: '/pins', query, signal }),
        )
        return { reachable: true, latency: performance.now() - startedAt }
      } catch (error) {
        throwIfAborted(given.signal)
        return { reachable: false, error }
      }
    },
    close: async () => calls.close(),
  }
}
