import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds that this thread may go on without a look at timers and sockets. */
const LONG = 10

let last = 0

/**
 * Lets others have a turn if that was long ago; otherwise there is nothing to wait for. Small reads never wait for
 * anything: without this, a loop of them would keep timers, aborts among them, and sockets waiting until it ends.
 */
export function takeTurns(): Promise<void> | undefined {
  return performance.now() - last < LONG ? undefined : giveTurn()
}

async function giveTurn(): Promise<void> {
  await nextTurn()
  last = performance.now()
}
