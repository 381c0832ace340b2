import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds that this thread may go on without a look at timers and sockets. */
const LONG = 10

let last = 0

/**
 * Lets others have a turn if that was long ago. Small reads never wait for anything: without this, a loop of them
 * would keep timers, aborts among them, and sockets waiting until it ends.
 */
export async function takeTurns(): Promise<void> {
  if (performance.now() - last < LONG) return
  await nextTurn()
  last = performance.now()
}
