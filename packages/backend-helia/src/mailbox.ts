import type { PeerId } from '@libp2p/interface'
import type { CID } from '@stowage/core/spi'
import type { Bitswap, WantEntry } from './bitswap.ts'

export type Want = 'have' | 'block' | 'cancel'

/**
 * What is to be told to one peer, in order: several wants in a message, never two of the same block, and a message when the one before it
 * is out. A peer that is told to forget a want and to want it again must hear that in this order.
 */
export interface Mailbox {
  /** Resolved: sent. */
  post(cid: CID, want: Want): Promise<void>
}

interface Letter {
  readonly wants: Map<string, WantEntry>
  readonly sent: Promise<void>
  send(): Promise<void>
}

/** Wants in a message at most: a peer keeps 1024. */
const MOST = 256
/** Milliseconds for handing a message over. */
const TIMEOUT = 30_000

export function createMailbox(bitswap: Bitswap, peer: PeerId, closing: AbortSignal): Mailbox {
  const letters: Letter[] = []
  let sending = false

  function write(): Letter {
    const wants = new Map<string, WantEntry>()
    const { promise: sent, resolve, reject } = Promise.withResolvers<void>()
    // A cancel is nobody's concern, sent or not.
    sent.catch(() => {})
    const message = { full: false, pendingBytes: 0, wantlist: wants, blocks: new Map(), blockPresences: new Map() }
    const send = async (): Promise<void> => {
      const signal = AbortSignal.any([closing, AbortSignal.timeout(TIMEOUT)])
      await bitswap.network.sendMessage(peer, message, { signal }).then(resolve, reject)
    }
    return { wants, sent, send }
  }

  async function sendAll(): Promise<void> {
    sending = true
    for (let next = letters.shift(); next !== undefined; next = letters.shift()) await next.send()
    sending = false
  }

  return {
    post: (cid, want) => {
      const key = Buffer.from(cid.multihash.bytes).toString('base64')
      const last = letters.at(-1)
      const letter = last === undefined || last.wants.has(key) || last.wants.size >= MOST ? write() : last
      if (letter !== last) letters.push(letter)
      letter.wants.set(key, {
        cid: cid.bytes,
        priority: 1,
        wantType: want === 'have' ? 'WantHave' : 'WantBlock',
        cancel: want === 'cancel',
        sendDontHave: true,
      })
      // In the next turn: what is wanted together goes together.
      if (!sending) {
        sending = true
        setImmediate(() => void sendAll())
      }
      return letter.sent
    },
  }
}
