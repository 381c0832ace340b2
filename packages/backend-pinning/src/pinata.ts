import {
  blobBlocks,
  carFrame,
  carHeader,
  cidKey,
  formatCid,
  parseOutboard,
  throwIfAborted,
  type Backend,
  type BlobSource,
  type BlobStat,
  type CID,
  type Health,
} from '@stowage/core/spi'
import { callsOf } from './calls.ts'
import { strangeAnswer, tooLarge, wrongCid } from './errors.ts'
import { formsOf, isForm } from './forms.ts'
import { listed } from './listing.ts'
import { multipart } from './multipart.ts'
import { noteOf, statOfNote } from './note.ts'
import { readingOf } from './reading.ts'
import { service as serviceAt, type Json } from './service.ts'

export interface PinataOptions {
  /** Default: `pinata`. */
  readonly name?: string | undefined
  /** A JWT with the scopes of the Files API, `write` included. */
  readonly token: string
  /** Gives the bytes of what Pinata keeps: a trustless gateway, dedicated or not. Without one nothing can be read from this tier. */
  readonly gateway?: Backend | undefined
  /** Default: `https://api.pinata.cloud`. */
  readonly api?: string | undefined
  /** Default: `https://uploads.pinata.cloud`. */
  readonly uploads?: string | undefined
}

/** One request takes so many bytes; more would have to come by TUS (docs.pinata.cloud, "Uploading Files"). */
const MOST = 100_000_000
/** A frame's length and CID, and the CAR's header. */
const OVERHEAD = 64
/** Kept files that one page has. */
const PAGE = '1000'

interface StoredFile {
  readonly id: string
  readonly cid: string
  readonly note: unknown
}

/**
 * Copies at Pinata, through its Files API (v3). A blob goes up as a CAR, which keeps our CID: of plain bytes Pinata would
 * make its own. An answer with another CID is `integrity`, and what was uploaded is removed again.
 */
export function pinata(options: PinataOptions): Backend & Required<Pick<Backend, 'put' | 'delete' | 'list'>> {
  const { name = 'pinata', token, gateway } = options
  const api = serviceAt(options.api ?? 'https://api.pinata.cloud', token)
  const uploads = serviceAt(options.uploads ?? 'https://uploads.pinata.cloud', token)
  const calls = callsOf(name)

  async function* files(query: Readonly<Record<string, string>>, signal: AbortSignal): AsyncGenerator<StoredFile> {
    for (let pageToken: string | undefined; ;) {
      const page = { ...query, limit: PAGE, ...(pageToken !== undefined && { pageToken }) }
      const { data } = await api.call({ method: 'GET', path: '/v3/files/public', query: page, signal })
      const { files: found, next_page_token: next } = (data ?? {}) as Json
      if (found !== null && !Array.isArray(found)) throw strangeAnswer(api.shown, 'answered without a list of files.')
      for (const file of (found ?? []) as readonly Json[]) yield storedFile(api.shown, file)
      if (typeof next !== 'string' || next === '' || next === pageToken) return
      pageToken = next
    }
  }

  async function filesOf(cid: CID, signal: AbortSignal): Promise<StoredFile[]> {
    const found: StoredFile[] = []
    for (const form of formsOf(cid)) {
      for await (const file of files({ cid: formatCid(form) }, signal)) if (isForm(file.cid, cid)) found.push(file)
    }
    return found
  }

  async function kept(cid: CID, signal: AbortSignal): Promise<BlobStat | undefined> {
    const found = await filesOf(cid, signal)
    for (const { note } of found) {
      const stat = statOfNote(cid, note)
      if (stat !== undefined) return stat
    }
    return found.length === 0 ? undefined : gateway?.stat(cid, { signal })
  }

  const remove = async (id: string, signal: AbortSignal): Promise<void> => {
    await api.call({ method: 'DELETE', path: `/v3/files/public/${encodeURIComponent(id)}`, signal })
  }

  async function put(blob: BlobSource, signal: AbortSignal): Promise<void> {
    const { cid } = blob
    const outboard = parseOutboard(blob.outboard, cid, blob.size)
    const bytes = outboard.dagSize + OVERHEAD * (outboard.leaves.count + outboard.nodes.length + 1)
    if (bytes > MOST) throw tooLarge(uploads.shown, cid, bytes, MOST)
    const fields = { network: 'public', car: 'true', name: cidKey(cid), keyvalues: JSON.stringify(noteOf(blob)) }
    const upload = multipart(fields, { name: `${cidKey(cid)}.car`, bytes: carOf(blob, signal) })
    const { data } = await uploads.call({ method: 'POST', path: '/v3/files', upload, signal })
    const file = storedFile(uploads.shown, (data ?? {}) as Json)
    if (isForm(file.cid, cid)) return
    await remove(file.id, signal)
    throw wrongCid(uploads.shown, cid, file.cid)
  }

  const reading = readingOf(calls, api.shown, kept, gateway)
  return {
    name,
    ...reading,
    traits: { ...reading.traits, maxBlobSize: 0.99 * MOST },
    put: (blob, given) => calls.one('put', blob.cid, given, (signal) => put(blob, signal)),
    delete: (cid, given) =>
      calls.one('delete', cid, given, async (signal) => {
        const found = await filesOf(cid, signal)
        for (const { id } of found) await remove(id, signal)
        return found.length > 0
      }),
    list: (given) => calls.many('list', given, (signal) => listed(files({}, signal), gateway, signal)),
    health: async (given = {}): Promise<Health> => {
      const startedAt = performance.now()
      try {
        await calls.one('health', undefined, given, (signal) =>
          api.call({ method: 'GET', path: '/data/testAuthentication', signal }),
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

function storedFile(shown: string, { id, cid, keyvalues }: Json): StoredFile {
  if (typeof id === 'string' && typeof cid === 'string') return { id, cid, note: keyvalues }
  throw strangeAnswer(shown, 'answered with what is no file.')
}

async function* carOf(blob: BlobSource, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield carHeader([blob.cid])
  for await (const block of blobBlocks(blob, { signal })) yield carFrame(block)
}
