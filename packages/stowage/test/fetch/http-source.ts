import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import {
  hashContent,
  StorageError,
  type Backend,
  type Body,
  type CID,
  type Layout,
  type ReadOptions,
} from '@stowage/core'

export interface Blob {
  readonly cid: CID
  readonly size: number
  readonly outboard: Uint8Array
  readonly bytes: Uint8Array
}

export async function blobOf(bytes: Uint8Array, layout?: Layout): Promise<Blob> {
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes
  }
  return { ...(await hashContent(body(), layout && { layout })), bytes }
}

/** What a server does to those who ask. It may be changed while it runs. */
export interface Faults {
  /** Bytes a second of all answers together. */
  rate?: number | undefined
  /** Milliseconds before an answer begins. */
  latency?: number | undefined
  /** Answers break off after so many bytes of leaves in all, and after that every connection is refused. */
  dieAfter?: number | undefined
  /** Each answer breaks off after so many bytes. */
  cutAfter?: number | undefined
  /** Answers stop after so many bytes, and stay open. */
  hangAfter?: number | undefined
  /** Bytes at these offsets are wrong. */
  corrupt?: ((offset: number) => boolean) | undefined
  /** Every question is answered with that. */
  status?: number | undefined
  /** It has no outboards. */
  plain?: boolean | undefined
}

export interface HttpSource {
  readonly backend: Backend
  readonly faults: Faults
  readonly url: string
  /** Of leaves; what was sent. */
  readonly sent: { bytes: number; requests: number }
  readonly open: ReadonlySet<Socket>
  close(): Promise<void>
}

const PIECE = 16 * 1024

/** A real server on this machine that has the blobs, and a backend that asks it. */
export async function httpSource(blobs: readonly Blob[], faults: Faults = {}, name = 'http'): Promise<HttpSource> {
  const byName = new Map(blobs.map((blob) => [String(blob.cid), blob]))
  const sent = { bytes: 0, requests: 0 }
  const open = new Set<Socket>()
  let free = 0

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, cid = '', what] = (request.url ?? '').split('/')
    if (faults.latency !== undefined) await delay(faults.latency)
    if (faults.dieAfter !== undefined && sent.bytes >= faults.dieAfter) return void request.socket.destroy()
    if (faults.status !== undefined) return void response.writeHead(faults.status).end()
    const blob = byName.get(cid)
    if (blob === undefined || (what === 'outboard' && faults.plain === true)) return void response.writeHead(404).end()
    if (what === 'outboard') return void response.end(blob.outboard)
    if (request.method === 'HEAD') return void response.writeHead(200, { 'content-length': blob.size }).end()
    const [, from = '0', to = String(blob.size - 1)] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? []
    const [start, end] = [Number(from), Math.min(Number(to) + 1, blob.size)]
    sent.requests++
    response.writeHead(206, {
      'content-range': `bytes ${start}-${end - 1}/${blob.size}`,
      'content-length': end - start,
    })
    await send(response, blob.bytes, start, end)
  }

  async function send(response: ServerResponse, bytes: Uint8Array, start: number, end: number): Promise<void> {
    for (let at = start; at < end && !response.destroyed; at += PIECE) {
      const { rate, dieAfter = Infinity, cutAfter = Infinity, hangAfter = Infinity, corrupt } = faults
      if (sent.bytes >= dieAfter || at - start >= cutAfter) return void response.destroy()
      if (at - start >= hangAfter) return
      const piece = bytes.slice(at, Math.min(at + PIECE, end))
      if (corrupt !== undefined) for (let i = 0; i < piece.length; i++) if (corrupt(at + i)) piece[i]! ^= 1
      if (rate !== undefined) {
        free = Math.max(free, performance.now()) + (1000 * piece.length) / rate
        await delay(Math.max(0, free - performance.now()))
      }
      sent.bytes += piece.length
      if (!response.write(piece)) await drained(response)
    }
    response.end()
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    faults,
    sent,
    open,
    backend: httpBackend(url, name),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.on('drain', go).on('close', go)
  })
}

/** As a plain HTTP mirror is read. */
export function httpBackend(url: string, name = 'http'): Backend {
  async function ask(path: string, init: RequestInit): Promise<Response | undefined> {
    let response: Response
    try {
      response = await fetch(`${url}/${path}`, init)
    } catch (cause) {
      init.signal?.throwIfAborted()
      throw down(cause)
    }
    if (response.status === 404) return undefined
    if (!response.ok) {
      await response.body?.cancel()
      throw new StorageError('unavailable', `${name} answered ${response.status}.`, { transient: true, backend: name })
    }
    return response
  }
  const down = (cause: unknown): StorageError =>
    new StorageError('unavailable', `${name} is down.`, { transient: true, backend: name, cause })

  async function* bodyOf(response: Response, signal: AbortSignal | undefined): Body & AsyncGenerator<Uint8Array> {
    try {
      yield* response.body as AsyncIterable<Uint8Array>
    } catch (cause) {
      signal?.throwIfAborted()
      throw down(cause)
    }
  }

  return {
    name,
    traits: { ranges: 'native', verifies: 'nothing' },
    stat: async (cid, { signal } = {}) => {
      const response = await ask(String(cid), { method: 'HEAD', signal: signal ?? null })
      return response && { cid, size: Number(response.headers.get('content-length')) }
    },
    outboard: async (cid, { signal } = {}) => {
      const response = await ask(`${cid}/outboard`, { signal: signal ?? null })
      return response && new Uint8Array(await response.arrayBuffer())
    },
    read: async (cid, { offset = 0, length, signal }: ReadOptions = {}) => {
      const last = length === undefined ? '' : offset + length - 1
      const headers: Record<string, string> =
        offset === 0 && length === undefined ? {} : { range: `bytes=${offset}-${last}` }
      const response = await ask(String(cid), { headers, signal: signal ?? null })
      if (response === undefined) throw new StorageError('not-found', `${name} does not have ${cid}.`, { cid })
      const size = Number(response.headers.get('content-range')?.split('/')[1])
      return { size, offset, length: Number(response.headers.get('content-length')), body: bodyOf(response, signal) }
    },
    health: async () => ({ reachable: true }),
    close: async () => {},
  }
}
