import type { Socket } from 'node:net'

/** Breaks a connection by a reset; what is on its way may be lost. Node's own way never closes a socket that has ended its side. */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
