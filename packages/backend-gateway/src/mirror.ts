import {
  assertRange,
  assertStorable,
  cutRange,
  formatCid,
  MAX_LEAVES,
  parseCid,
  RAW,
  serialiseOutboard,
  StorageError,
  throwIfAborted,
  type Backend,
  type CallOptions,
  type CID,
} from '@stowage/core/spi'
import { httpUrl, nameOf } from './address.ts'
import { calls } from './calls.ts'
import { probe } from './health.ts'
import { http } from './http.ts'
import type { MirrorOptions } from './options.ts'
import { plainBytes, plainSize } from './plain.ts'
import { site } from './site.ts'
import { standing } from './standing.ts'

/** An identity CID: whatever the server says to it, it is there. */
const PROBE = parseCid('bafkqaaa')

/** An outboard of as many leaves as there can be, with room for its frames. */
const MOST = 64 * MAX_LEAVES

/**
 * Files on any HTTP server, each under a URL made of its CID. Read-only, and it `verifies: 'nothing'`: core verifies every leaf,
 * with the outboard that lies beside the file or comes from another tier. Ranges need a server that knows them; otherwise a
 * file is read from its start, and what lies more than 16 MiB behind that is `unsupported` by itself.
 */
export function mirror(options: MirrorOptions): Backend {
  const urlOf = urlsOf(options.url)
  const outboardUrl = options.outboard === undefined ? undefined : urlsOf(options.outboard)
  const name = options.name ?? (typeof options.url === 'string' ? templateName(urlOf(PROBE)) : 'mirror')
  const rank = standing()
  const { run, stream, close } = calls({ name, sourceOf: (cid) => nameOf(urlOf(cid ?? PROBE)), standing: rank })
  const send = http(options)
  const place = site(send, rank)
  const sizeOf = (cid: CID, signal: AbortSignal): Promise<number | undefined> => plainSize(place, urlOf(cid), signal)

  async function outboardOf(cid: CID, url: URL, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (cid.code === RAW) return (await sizeOf(cid, signal)) === undefined ? undefined : serialiseOutboard(cid, [])
    return (await place.ask({ url, signal }))?.bytes(MOST)
  }

  return {
    name,
    traits: { ranges: 'native', verifies: 'nothing', layer: 'origin' },
    stat: async (cid, { signal } = {}) => {
      throwIfAborted(signal)
      assertStorable(cid)
      const size = await run('stat', cid, signal, (own) => sizeOf(cid, own))
      return size === undefined ? undefined : { cid, size }
    },
    read: async (cid, asked = {}) => {
      throwIfAborted(asked.signal)
      assertRange(asked)
      assertStorable(cid)
      const size = await run('read', cid, asked.signal, async (own) => {
        const known = asked.outboard?.size ?? (await sizeOf(cid, own))
        if (known !== undefined) return known
        throw new StorageError('not-found', `${name} does not have ${cid}.`, { cid })
      })
      const range = cutRange(asked, size)
      const body = stream('read', cid, asked.signal, (own) =>
        plainBytes(place, { url: urlOf(cid), cid, size, ...range }, own),
      )
      return { size, ...range, body }
    },
    ...(outboardUrl && {
      outboard: async (cid: CID, { signal }: CallOptions = {}) => {
        throwIfAborted(signal)
        assertStorable(cid)
        return run('outboard', cid, signal, (own) => outboardOf(cid, outboardUrl(cid), own))
      },
    }),
    health: async ({ signal } = {}) =>
      run('health', undefined, signal, (own) => probe(send, { url: urlOf(PROBE), name, files: true }, own)),
    close,
  }
}

function urlsOf(url: MirrorOptions['url']): (cid: CID) => URL {
  if (typeof url === 'function') return (cid) => httpUrl(url(cid))
  if (!url.includes('{cid}'))
    throw new StorageError('invalid-argument', 'The URL of a mirror has {cid} in it, or is a function.')
  const made = (cid: CID): URL => httpUrl(url.replaceAll('{cid}', formatCid(cid)))
  made(PROBE)
  return made
}

function templateName(url: URL): string {
  return nameOf(url).replaceAll(formatCid(PROBE), '{cid}')
}
