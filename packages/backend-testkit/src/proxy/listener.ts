import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { reset } from './reset.ts'

/** What went through a proxy since it was opened. */
export interface Counts {
  /** Connections that were accepted. */
  readonly connections: number
  /** Connections that are open now. */
  readonly open: number
  /** Bytes from clients, headers included. */
  readonly sent: number
  /** Bytes to clients, headers included. */
  readonly received: number
}

/** The listening side of a proxy. */
export interface Listener {
  readonly host: string
  readonly port: number
  counts(): Counts
  /** As if the server had died: every connection is reset, and new ones are refused. */
  down(): Promise<void>
  /** Listens again, on the same port. */
  up(): Promise<void>
  /** Ends every connection, and the proxy. */
  close(): Promise<void>
}

export interface Place {
  /** Default: 127.0.0.1. */
  readonly host?: string | undefined
  /** Default: a free one. */
  readonly port?: number | undefined
}

export async function listen(server: Server, { host = '127.0.0.1', port = 0 }: Place): Promise<Listener> {
  const sockets = new Set<Socket>()
  const sums = { connections: 0, sent: 0, received: 0 }
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    sums.connections += 1
    // Clients break connections, and so do faults: neither is of interest here.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      sockets.delete(socket)
      sums.sent += socket.bytesRead
      sums.received += socket.bytesWritten
    })
  })
  const open = async (at: number): Promise<void> => {
    server.listen(at, host)
    await once(server, 'listening')
  }
  const down = async (): Promise<void> => {
    if (!server.listening) return
    const over = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) reset(socket)
    await Promise.all([closed, ...over])
  }
  await open(port)
  const bound = (server.address() as AddressInfo).port

  return {
    host,
    port: bound,
    counts: () => ({
      ...sums,
      open: sockets.size,
      sent: [...sockets].reduce((sum, socket) => sum + socket.bytesRead, sums.sent),
      received: [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, sums.received),
    }),
    down,
    up: () => open(bound),
    close: down,
  }
}
