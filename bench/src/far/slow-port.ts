import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tokens } from './tokens.ts'

export interface Pace {
  /** Bytes a second. */
  readonly rate: number
  /** After so many bytes all connections are reset. */
  readonly diesAfter?: number | undefined
}

export interface SlowPort {
  readonly port: number
  stop(): void
}

/** A port in front of another one, whose answers come at a pace. */
export async function slowPort(target: number, { rate, diesAfter = Infinity }: Pace): Promise<SlowPort> {
  const pass = tokens(rate)
  const open = new Set<Socket>()
  let moved = 0
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => {
        open.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    void slowly(far, near)
  })

  async function slowly(from: Socket, to: Socket): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        await pass(chunk.length)
        moved += chunk.length
        if (moved > diesAfter) return stop()
        await new Promise((done) => to.write(chunk, done))
      }
      to.end()
    } catch {
      to.destroy()
    }
  }

  function stop(): void {
    server.close()
    for (const socket of open) socket.resetAndDestroy()
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, stop }
}
