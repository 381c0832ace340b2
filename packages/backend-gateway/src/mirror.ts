import {
  assertRange,
  assertStorable,
  cutRange,
  formatCid,
  parseCid,
  StorageError,
  throwIfAborted,
  type Backend,
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

/**
 * Files on any HTTP server, each under a URL made of its CID. Read-only, and it `verifies: 'nothing'`: core verifies every leaf,
 * with an outboard from elsewhere. Ranges need a server that knows them; otherwise a file is read from its start, and
 * what lies more than 16 MiB behind it is `unsupported` by itself.
 */
export function mirror(options: MirrorOptions): Backend {
  const { url } = options
  if (typeof url === 'string' && !url.includes('{cid}'))
    throw new StorageError('invalid-argument', 'The URL of a mirror has {cid} in it, or is a function.')
  const urlOf = (cid: CID): URL => httpUrl(typeof url === 'string' ? url.replaceAll('{cid}', formatCid(cid)) : url(cid))
  const name =
    options.name ?? (typeof url === 'string' ? nameOf(urlOf(PROBE)).replace(formatCid(PROBE), '{cid}') : 'mirror')
  const rank = standing()
  const { run, stream, close } = calls({ name, sourceOf: (cid) => nameOf(urlOf(cid ?? PROBE)), standing: rank })
  const send = http(options)
  const place = site(send, rank)

  return {
    name,
    traits: { ranges: 'native', verifies: 'nothing' },
    stat: async (cid, { signal } = {}) => {
      throwIfAborted(signal)
      assertStorable(cid)
      const size = await run('stat', cid, signal, (own) => plainSize(place, urlOf(cid), own))
      return size === undefined ? undefined : { cid, size }
    },
    read: async (cid, options = {}) => {
      throwIfAborted(options.signal)
      assertRange(options)
      assertStorable(cid)
      const size = await run('read', cid, options.signal, async (own) => {
        const known = options.outboard?.size ?? (await plainSize(place, urlOf(cid), own))
        if (known !== undefined) return known
        throw new StorageError('not-found', `${name} does not have ${cid}.`, { cid })
      })
      const range = cutRange(options, size)
      const body = stream('read', cid, options.signal, (own) =>
        plainBytes(place, { url: urlOf(cid), cid, size, ...range }, own),
      )
      return { size, ...range, body }
    },
    health: async ({ signal } = {}) =>
      run('health', undefined, signal, (own) => probe(send, { url: urlOf(PROBE), name, files: true }, own)),
    close,
  }
}
