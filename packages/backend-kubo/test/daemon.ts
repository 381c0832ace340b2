import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Handler = (request: IncomingMessage, response: ServerResponse, options: URLSearchParams) => unknown

export interface Daemon {
  readonly url: string
  /** Names of the commands that came, in order. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** A server that answers commands of the RPC as it is told; others with 404, as Kubo does. */
export async function startDaemon(commands: Readonly<Record<string, Handler>>): Promise<Daemon> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://daemon')
    const command = pathname.replace('/api/v0/', '')
    asked.push(command)
    const handler = commands[command]
    if (handler === undefined) response.writeHead(404).end('404 page not found')
    else handler(request, response, searchParams)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

export const says =
  (...replies: readonly unknown[]): Handler =>
  (request, response) => {
    request.resume().once('end', () => response.end(replies.map((reply) => `${JSON.stringify(reply)}\n`).join('')))
  }

export const fails =
  (status: number, message: string): Handler =>
  (request, response) => {
    request.resume()
    response.writeHead(status).end(JSON.stringify({ Message: message, Code: 0, Type: 'error' }))
  }
