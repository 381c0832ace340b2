import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Fixture } from '@stowage/backend-testkit'
import { carFrame, carHeader, cidKey, parseCid, type Block } from '@stowage/core/spi'
import { blocksOf, outboardOf } from './blocks-of.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => unknown

/** A server on this machine, and what it was asked. */
export interface Served {
  readonly url: string
  readonly server: Server
  /** Method, path and query of each request. */
  readonly asked: string[]
  readonly requests: IncomingMessage[]
  close(): Promise<void>
}

/** What was opened, for a hook after each test to close. */
export const opened: { close(): Promise<unknown> }[] = []

export async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((each) => each.close()))
}

export async function serve(handler: Handler): Promise<Served> {
  const asked: string[] = []
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url as string, 'http://localhost')
    asked.push(`${request.method} ${request.url}`)
    requests.push(request)
    void handler(request, response, url)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  const served = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, asked, requests, close }
  opened.push(served)
  return served
}

export interface Store {
  add(blob: Fixture): void
  readonly blobs: Map<string, Fixture>
  readonly blocks: Map<string, Block>
}

export function store(...blobs: readonly Fixture[]): Store {
  const made: Store = {
    blobs: new Map(),
    blocks: new Map(),
    add: (blob) => {
      made.blobs.set(cidKey(blob.cid), blob)
      for (const block of blocksOf(blob, outboardOf(blob))) made.blocks.set(cidKey(block.cid), block)
    },
  }
  blobs.forEach(made.add)
  return made
}

/** The blocks of a CAR answer, after which it ends as it should. */
export type CarOf = (blocks: Block[], url: URL) => Iterable<Block>

/** A trustless gateway over what is in a store: blocks, CARs of ranges, files; outboards, too. */
export function gatewayOf({ blobs, blocks }: Store, carOf: CarOf = (all) => all): Handler {
  return (request, response, url) => {
    const match = /\/(?:ipfs|outboards)\/([a-zA-Z0-9]+)$/.exec(url.pathname)
    const cid = match?.[1] === undefined ? undefined : parseCid(match[1])
    const format = url.searchParams.get('format')
    if (cid?.toString() === 'bafkqaaa') return send(response, 'application/vnd.ipld.raw', Buffer.alloc(0))
    const block = cid && blocks.get(cidKey(cid))
    const blob = cid && blobs.get(cidKey(cid))
    if (format === 'raw' && block !== undefined) return send(response, 'application/vnd.ipld.raw', block.bytes)
    if (format === 'car' && blob !== undefined) return sendCar(response, blob, url, carOf)
    if (url.pathname.startsWith('/outboards') && blob !== undefined)
      return send(response, 'application/vnd.ipld.car', blob.outboard)
    if (format === null && blob !== undefined) return sendFile(request, response, blob.bytes)
    response.writeHead(404).end('not here')
  }
}

export function send(response: ServerResponse, type: string, bytes: Uint8Array): void {
  response.writeHead(200, { 'content-type': type, 'content-length': bytes.length })
  // Node leaves the body away for HEAD.
  response.end(bytes)
}

function sendCar(response: ServerResponse, blob: Fixture, url: URL, carOf: CarOf): void {
  const [from = 0, to = blob.size - 1] = (url.searchParams.get('entity-bytes') ?? '').split(':').map(Number)
  const outboard = outboardOf(blob)
  response.writeHead(200, { 'content-type': 'application/vnd.ipld.car; version=1; order=dfs; dups=y' })
  response.write(carHeader([blob.cid]))
  for (const block of carOf([...blocksOf(blob, outboard, from, to - from + 1)], url)) response.write(carFrame(block))
  response.end()
}

/** A file, or the range of it that is asked for. */
export function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  if (range === null) return send(response, 'application/octet-stream', bytes)
  const [first, last] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)]
  response.writeHead(206, {
    'content-range': `bytes ${first}-${last}/${bytes.length}`,
    'content-length': last - first + 1,
  })
  response.end(bytes.subarray(first, last + 1))
}
