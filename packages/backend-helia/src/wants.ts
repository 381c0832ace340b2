import type { PeerId } from '@libp2p/interface'
import { StorageError, raceAbort, semaphore, type CID, type Semaphore } from '@stowage/core/spi'
import type { Bitswap, Presence } from './bitswap.ts'
import { createMailbox, type Mailbox } from './mailbox.ts'

/** `no`, `have`, or the block. */
export type Answer = 'no' | 'have' | Uint8Array

/** Asks single peers for single blocks, and hears their answers. */
export interface Wants {
  /** Who does not answer in time: `timeout`; who goes away: `unavailable`; who sends what nobody asked for: `integrity`. */
  ask(peer: PeerId, cid: CID, want: 'have' | 'block', options: AskOptions): Promise<Answer>
  /** Blocks wanted of a peer now, those that wait their turn included. */
  load(peer: PeerId): number
  /** A peer is gone. */
  gone(peer: PeerId): void
  close(): void
}

export interface AskOptions {
  readonly signal: AbortSignal
  /** Milliseconds without an answer to anything. */
  readonly patience: number
}

/** Blocks wanted of one peer at a time: it reads all of them into memory before it sends the first. */
const PER_PEER = 16
/** Answers that may still come to what was given up. */
const REMEMBERED = 1024

interface Asked {
  readonly want: 'have' | 'block'
  answer(answer: Answer): void
  fail(error: StorageError): void
}

interface Peer {
  readonly mailbox: Mailbox
  readonly slots: Semaphore
  readonly open: Map<string, Set<Asked>>
  /** Of what was asked lately. */
  readonly recent: Set<string>
  load: number
  heardAt: number
}

export function createWants(bitswap: Bitswap, backend: string): Wants {
  const closing = new AbortController()
  const peers = new Map<string, Peer>()
  bitswap.wantList.addEventListener('presence', hear)

  function peerOf(id: PeerId): Peer {
    const key = id.toString()
    const known = peers.get(key)
    if (known !== undefined) return known
    const peer = {
      mailbox: createMailbox(bitswap, id, closing.signal),
      slots: semaphore(PER_PEER),
      open: new Map<string, Set<Asked>>(),
      recent: new Set<string>(),
      load: 0,
      heardAt: 0,
    }
    peers.set(key, peer)
    return peer
  }

  function hear({ detail: { sender, cid, has, block } }: { readonly detail: Presence }): void {
    const peer = peers.get(sender.toString())
    if (peer === undefined) return
    const key = keyOf(cid)
    peer.heardAt = performance.now()
    const asked = peer.open.get(key)
    // Its hash is not what was asked for: a lie, unless it is the late answer to what was given up.
    if (asked === undefined && block !== undefined && !peer.recent.has(key)) {
      fail(
        peer,
        new StorageError('integrity', `${sender} sent a block that nobody asked for.`, {
          backend,
          source: `${sender}`,
        }),
      )
    }
    for (const each of asked ?? []) {
      if (block !== undefined) each.answer(block)
      else if (!has) each.answer('no')
      else if (each.want === 'have') each.answer('have')
    }
  }

  function fail(peer: Peer, error: StorageError): void {
    for (const asked of peer.open.values()) for (const each of asked) each.fail(error)
  }

  async function ask(id: PeerId, cid: CID, want: 'have' | 'block', options: AskOptions): Promise<Answer> {
    const peer = peerOf(id)
    peer.load++
    try {
      if (want === 'have') return await askNow(id, peer, cid, want, options)
      const free = await peer.slots.acquire(options.signal)
      try {
        return await askNow(id, peer, cid, want, options)
      } finally {
        free()
      }
    } finally {
      peer.load--
    }
  }

  async function askNow(
    id: PeerId,
    peer: Peer,
    cid: CID,
    want: 'have' | 'block',
    { signal, patience }: AskOptions,
  ): Promise<Answer> {
    const key = keyOf(cid)
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    promise.catch(() => {})
    const asked: Asked = { want, answer: resolve, fail: reject }
    const all = peer.open.get(key) ?? new Set()
    peer.open.set(key, all.add(asked))
    note(peer.recent, key)
    const since = performance.now()
    const about = { backend, source: `${id}`, cid, transient: true }
    const watch = setInterval(
      () => {
        if (performance.now() - Math.max(since, peer.heardAt) < patience) return
        reject(new StorageError('timeout', `${id} did not answer for ${patience} ms.`, about))
      },
      Math.min(patience, 1000),
    )
    const either = AbortSignal.any([signal, closing.signal])
    try {
      peer.mailbox.post(cid, want).catch((cause: unknown) => {
        reject(new StorageError('unavailable', `${id} cannot be asked.`, { ...about, cause }))
      })
      return await raceAbort(promise, either)
    } finally {
      clearInterval(watch)
      all.delete(asked)
      if (all.size === 0) peer.open.delete(key)
      // Otherwise it would not answer the same question again: not within 5 s, and not at all if it said no.
      if (all.size === 0 && !closing.signal.aborted) peer.mailbox.post(cid, 'cancel').catch(() => {})
    }
  }

  return {
    ask,
    load: (id) => peers.get(id.toString())?.load ?? 0,
    gone: (id) => {
      const peer = peers.get(id.toString())
      if (peer === undefined) return
      peers.delete(id.toString())
      fail(peer, new StorageError('unavailable', `${id} went away.`, { backend, source: `${id}`, transient: true }))
    },
    close: () => {
      bitswap.wantList.removeEventListener('presence', hear)
      closing.abort(new StorageError('closed', `${backend} was closed.`, { backend }))
      peers.clear()
    },
  }
}

function note(recent: Set<string>, key: string): void {
  recent.delete(key)
  recent.add(key)
  for (const oldest of recent) {
    if (recent.size <= REMEMBERED) break
    recent.delete(oldest)
  }
}

function keyOf({ multihash }: CID): string {
  return Buffer.from(multihash.bytes).toString('latin1')
}
