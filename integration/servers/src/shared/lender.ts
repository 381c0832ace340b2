import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { starters, type Servers } from './servers.ts'

export interface Lender {
  /** `GET <url>/<name>` starts that server, if it does not run yet, and says what it gives, as JSON. */
  readonly url: string
  /** Stops every server that was started. */
  close(): Promise<void>
}

/** Starts each server at most once, when somebody first asks for it. */
export async function openLender(): Promise<Lender> {
  const started = new Map<string, Promise<Servers[keyof Servers]>>()
  const http = createServer((request, response) => {
    const name = (request.url ?? '').slice(1)
    const starter = Object.hasOwn(starters, name) ? starters[name as keyof Servers] : undefined
    if (starter === undefined) {
      response.writeHead(404).end(`No such server: ${name}`)
      return
    }
    const server = started.get(name) ?? starter()
    started.set(name, server)
    server.then(
      (running) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(running)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    )
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')

  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      http.close()
      http.closeAllConnections()
      for (const server of started.values()) {
        await server.then(
          (running) => running.stop(),
          () => undefined,
        )
      }
    },
  }
}
