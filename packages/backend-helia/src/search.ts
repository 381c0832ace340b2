import type { PeerId } from '@libp2p/interface'
import { raceAbort, type CID } from '@stowage/core/spi'
import { nobodyAnswered } from './errors.ts'
import type { Answer, Wants } from './wants.ts'

/** Whom to ask. */
export interface Neighbours {
  /** Those who are connected and may speak bitswap. */
  connected(): Promise<readonly PeerId[]>
  /** Who is said to have the block, connected by then. Who cannot be reached is left out. Throws when nobody could be asked for that. */
  find(cid: CID, signal: AbortSignal): AsyncIterable<PeerId>
  readonly looksUp: boolean
  /** Why those who are to be connected are not. */
  failures(): readonly unknown[]
  /** True when there is somebody to be reached: then it is an outage that nobody is. */
  readonly expected: boolean
}

export interface Searching {
  /** For errors. */
  readonly backend: string
  readonly wants: Wants
  readonly neighbours: Neighbours
  /** Who gave blocks lately, or said that they have some. */
  readonly givers: Map<string, PeerId>
  /** Milliseconds for a yes or no. */
  readonly patience: number
  /** Milliseconds without any block from who said yes. */
  readonly stall: number
}

/** Finds one block. `undefined`: nobody who was reached has it. */
export async function search(by: Searching, cid: CID, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const { wants, neighbours, givers, stall, backend } = by
  /** What became of each: `no`, or why there is no answer. */
  const tried = new Map<string, unknown>()

  async function take(peer: PeerId): Promise<Uint8Array | undefined> {
    const key = peer.toString()
    try {
      const answer = await wants.ask(peer, cid, 'block', { signal, patience: stall })
      tried.set(key, 'no')
      if (!(answer instanceof Uint8Array)) return undefined
      givers.set(key, peer)
      return answer
    } catch (error) {
      signal.throwIfAborted()
      givers.delete(key)
      tried.set(key, error)
      return undefined
    }
  }

  const connected = await raceAbort(neighbours.connected(), signal)
  for (let next = leastBusy(by, connected, tried); next !== undefined; next = leastBusy(by, connected, tried)) {
    const block = await take(next)
    if (block !== undefined) return block
  }
  for await (const { peer, answer } of askAll(by, untried(connected, tried), cid, signal)) {
    const key = peer.toString()
    if (answer instanceof Uint8Array) return answer
    const block = answer === 'have' ? await take(peer) : undefined
    if (block !== undefined) return block
    if (answer !== 'have') tried.set(key, answer)
  }
  try {
    for await (const peer of neighbours.find(cid, signal)) {
      const block = tried.has(peer.toString()) ? undefined : await take(peer)
      if (block !== undefined) return block
    }
    if (neighbours.looksUp) tried.set('providers', 'no')
  } catch (error) {
    signal.throwIfAborted()
    tried.set('providers', error)
  }
  const failures = [...tried.values()].filter((result) => result !== 'no')
  if (tried.size > failures.length || (tried.size === 0 && !neighbours.expected)) return undefined
  throw nobodyAnswered([...failures, ...neighbours.failures()], { backend, operation: 'read', cid })
}

/** Those of the connected who say that they have the block. */
export async function* holders(by: Searching, cid: CID, signal: AbortSignal): AsyncGenerator<PeerId> {
  const connected = await raceAbort(by.neighbours.connected(), signal)
  for await (const { peer, answer } of askAll(by, connected, cid, signal)) {
    if (answer === 'have' || answer instanceof Uint8Array) yield peer
  }
}

interface Answered {
  readonly peer: PeerId
  /** Not an answer: why there is none. */
  readonly answer: Answer | Error
}

/** Asks many whether they have a block, and gives their answers as they come. */
async function* askAll(
  { wants, givers, patience }: Searching,
  peers: readonly PeerId[],
  cid: CID,
  signal: AbortSignal,
): AsyncGenerator<Answered> {
  const answers: Answered[] = []
  let wake = (): void => {}
  // They go on when one of them was enough: whoever has this block is asked for the next one, too.
  const lingering = new AbortController().signal
  const ask = async (peer: PeerId): Promise<void> => {
    let answer: Answer | Error
    try {
      answer = await wants.ask(peer, cid, 'have', { signal: lingering, patience })
      if (answer !== 'no') givers.set(peer.toString(), peer)
    } catch (error) {
      answer = error instanceof Error ? error : new Error(String(error))
    }
    answers.push({ peer, answer })
    wake()
  }
  for (const peer of peers) void ask(peer)
  for (let given = 0; given < peers.length; given++) {
    if (answers.length === 0) await raceAbort(new Promise<void>((resolve) => (wake = resolve)), signal)
    const next = answers.shift()
    if (next !== undefined) yield next
  }
}

function untried(peers: readonly PeerId[], tried: ReadonlyMap<string, unknown>): PeerId[] {
  return peers.filter((peer) => !tried.has(peer.toString()))
}

function leastBusy(
  { wants, givers }: Searching,
  connected: readonly PeerId[],
  tried: ReadonlyMap<string, unknown>,
): PeerId | undefined {
  const able = untried(connected, tried).filter((peer) => givers.has(peer.toString()))
  return able.toSorted((one, other) => wants.load(one) - wants.load(other))[0]
}
