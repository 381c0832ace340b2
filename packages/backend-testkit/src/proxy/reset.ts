import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Outcome } from './shape.ts'

/** Breaks a connection by a reset; what is on its way may be lost. Node's own way never closes a socket that has ended its side. */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}

/** A reset that comes together with bytes is an end to Node: so much later, in milliseconds, it comes alone. */
const APART = 5

/** Breaks a connection as a fault says, when what was written to it is out. */
export async function breakOff(outcome: Exclude<Outcome, 'whole'>, socket: Socket): Promise<void> {
  if (outcome === 'hang') return
  await delay(outcome === 'reset' ? APART : 0)
  while (socket.writableLength > 0) await once(socket, 'drain')
  if (outcome === 'reset') reset(socket)
  else socket.end()
}
