import { once } from 'node:events'
import { createServer } from 'node:net'

const LOWEST = 10_240
const HIGHEST = 32_767

export interface ServerOptions {
  /** The address that it listens on. Default: 127.0.0.1. */
  readonly host?: string | undefined
}

/**
 * A TCP port that nobody listens on. It lies below the ports that systems give to outgoing connections, so that none of
 * those takes it before the server does.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1))
    const probe = createServer()
    try {
      probe.listen(port, host)
      await once(probe, 'listening')
      probe.close()
      await once(probe, 'close')
      return port
    } catch {
      // Taken: try another.
    }
  }
}
