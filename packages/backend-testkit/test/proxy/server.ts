import { once } from 'node:events'
import { Agent, createServer, request, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export const content: Buffer = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 251))

/** A small HTTP server. `/content` knows ranges; `/echo` answers with what it is sent; `/taken` answers when it has all; `/chunked` states no length. */
export async function openServer(): Promise<{
  url: string
  port: number
  server: Server
  asked: IncomingHttpHeaders[]
}> {
  const asked: IncomingHttpHeaders[] = []
  const server = createServer((req, res) => {
    asked.push(req.headers)
    if (req.url === '/echo') {
      res.writeHead(200, { trailer: 'x-after' })
      req.pipe(res, { end: false })
      req.on('end', () => {
        res.addTrailers({ 'x-after': 'all' })
        res.end()
      })
      return
    }
    if (req.url === '/taken') {
      req.resume().on('end', () => res.end())
      return
    }
    if (req.url === '/chunked') {
      res.write(content.subarray(0, 70_000))
      res.end(content.subarray(70_000))
      return
    }
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '') ?? []
    const body = first === undefined ? content : content.subarray(Number(first), Number(last) + 1)
    const range = first !== undefined && { 'content-range': `bytes ${first}-${last}/${content.length}` }
    res.writeHead(first === undefined ? 200 : 206, { 'content-length': body.length, ...range })
    res.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, server, asked }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly trailers: NodeJS.Dict<string>
  readonly body: Buffer
  /** The code of the error that ended the body early. */
  readonly error?: string | undefined
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  readonly agent?: Agent
  readonly signal?: AbortSignal
  /** Called when the answer's headers are there, and with the sum of bytes for each chunk. */
  readonly onBytes?: (sum: number) => void
}

/** Asks with Node's client. Rejects when there is no answer at all. */
export function ask(
  url: string,
  { method = 'GET', headers = {}, body, agent, signal, onBytes }: Ask = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers, agent: agent ?? false, ...(signal && { signal }) })
    req.on('error', reject)
    req.on('response', (res) => {
      const chunks: Buffer[] = []
      const done = (error?: NodeJS.ErrnoException): void => {
        const { statusCode: status = 0, trailers } = res
        resolve({ status, headers: res.headers, trailers, body: Buffer.concat(chunks), error: error?.code })
      }
      req.off('error', reject).on('error', done)
      res.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        onBytes?.(chunks.reduce((sum, { length }) => sum + length, 0))
      })
      res.on('error', done)
      res.on('end', () => done())
      onBytes?.(0)
    })
    req.end(body)
  })
}
