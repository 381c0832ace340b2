import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { cidKey } from '@stowage/core/spi'
import { readAbout } from './blob-about.ts'
import type { OriginOptions } from './start-origin.ts'
import { tokens } from './tokens.ts'

// A gateway of one blob: blocks by their CIDs, and the file itself by ranges. `moved` on standard input asks how many bytes
// it sent; the end of standard input ends it.

const PIECE = 64 * 1024
const { file, about, rate, diesAfter = Infinity } = JSON.parse(process.argv[2] ?? '') as OriginOptions
const { cid, size, outboard } = await readAbout(about)
const pass = tokens(rate)
let moved = 0

/** Where a block lies: bytes of a node, or a stretch of the file. */
const nodes = new Map(outboard.nodes.map((block) => [cidKey(block.cid), block.bytes]))
const leaves = new Map<string, number>()
for (let leaf = 0; leaf < outboard.leaves.count; leaf++) leaves.set(cidKey(outboard.leaves.cid(leaf)), leaf)

const server = createServer((request, response) => {
  answer(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1')
await once(server, 'listening')
console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)

const lines = createInterface(process.stdin)
lines.on('line', () => console.log(moved))
lines.once('close', () => process.exit())

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '', 'http://localhost')
  const [, , key = ''] = url.pathname.split('/')
  const raw = url.searchParams.get('format') === 'raw' || request.headers.accept?.includes('vnd.ipld.raw') === true
  const head = request.method === 'HEAD'
  const node = nodes.get(key)
  const leaf = leaves.get(key)
  if (raw && node !== undefined) {
    response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw', 'content-length': node.length })
    if (!head) await send(response, [node])
    response.end()
  } else if (raw && leaf !== undefined) {
    const [start, length] = [outboard.leaves.offset(leaf), outboard.leaves.length(leaf)]
    response.writeHead(200, { 'content-type': 'application/vnd.ipld.raw', 'content-length': length })
    if (!head) await send(response, stretch(start, length))
    response.end()
  } else if (!raw && key === cidKey(cid)) {
    const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '')
    const start = Number(range?.[1] ?? 0)
    const end = range?.[2] ? Math.min(Number(range[2]) + 1, size) : size
    response.writeHead(range === null ? 200 : 206, {
      'content-type': 'application/octet-stream',
      'content-length': end - start,
      'accept-ranges': 'bytes',
      ...(range !== null && { 'content-range': `bytes ${start}-${end - 1}/${size}` }),
    })
    if (!head) await send(response, stretch(start, end - start))
    response.end()
  } else {
    response.writeHead(404).end()
  }
}

function stretch(start: number, length: number): AsyncIterable<Buffer> {
  const highWaterMark = rate === undefined ? 2 ** 20 : PIECE
  return createReadStream(file, { start, end: start + length - 1, highWaterMark }) as AsyncIterable<Buffer>
}

async function send(response: ServerResponse, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    await pass(piece.length)
    if (response.destroyed) return
    moved += piece.length
    if (moved > diesAfter) return die()
    // Called back when it went out, and with an error when the connection is gone.
    await new Promise((done) => response.write(piece, done))
  }
}

function die(): void {
  server.close()
  server.closeAllConnections()
}
