import { setImmediate as nextTurn } from 'node:timers/promises'

/** Milliseconds that this thread may go on without a look at timers and sockets. */
const LONG = 10

let last = 0
let turn: Promise<void> | undefined

/**
 * Waits where it is time to let others have a turn; otherwise there is nothing to wait for. Small reads never wait for
 * anything: without this, a loop of them would keep timers, aborts among them, and sockets waiting until it ends.
 */
export function takeTurns(): Promise<void> | undefined {
  // One for all: were each to wait by itself, each would go on for as long again before the loop comes round.
  return performance.now() - last < LONG ? undefined : (turn ??= giveTurn())
}

async function giveTurn(): Promise<void> {
  await nextTurn()
  last = performance.now()
  turn = undefined
}
