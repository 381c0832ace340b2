import type { Helia } from '@helia/interface'
import type { PeerId } from '@libp2p/interface'
import { StorageError, type CID } from '@stowage/core/spi'

/** A peer's answer to a want: whether it has the block, and the block, if that was wanted or is small. */
export interface Presence {
  readonly sender: PeerId
  readonly cid: CID
  readonly has: boolean
  readonly block?: Uint8Array | undefined
}

export interface WantEntry {
  readonly cid: Uint8Array
  readonly priority: number
  readonly wantType: 'WantBlock' | 'WantHave'
  readonly cancel: boolean
  readonly sendDontHave: boolean
}

/** As `QueuedBitswapMessage`, which @helia/bitswap does not export. */
export interface Message {
  readonly full: boolean
  readonly pendingBytes: number
  readonly wantlist: Map<string, WantEntry>
  readonly blocks: Map<string, unknown>
  readonly blockPresences: Map<string, unknown>
}

/**
 * What we use of @helia/bitswap 4.0.19 (hence pinned). Its public `want` asks everybody for the block itself, tells of no peer that does not have it,
 * and never sends a cancel; so wants go out by its network, and answers come in by its list of wants.
 */
export interface Bitswap {
  readonly network: {
    sendMessage(peer: PeerId, message: Message, options: { signal: AbortSignal }): Promise<void>
  }
  readonly wantList: {
    addEventListener(type: 'presence', listener: (event: { readonly detail: Presence }) => void): void
    removeEventListener(type: 'presence', listener: (event: { readonly detail: Presence }) => void): void
  }
  /** Sends a block that came in meanwhile to those who want it. */
  notify(cid: CID): Promise<void>
}

export function bitswapOf(helia: Helia): Bitswap {
  const { blockBrokers = [] } = helia as { readonly blockBrokers?: readonly { name?: string; bitswap?: Bitswap }[] }
  const bitswap = blockBrokers.find(({ name }) => name === 'bitswap')?.bitswap
  if (typeof bitswap?.network?.sendMessage === 'function' && bitswap.wantList !== undefined) return bitswap
  throw new StorageError('unsupported', 'The Helia node has no bitswap, or one that we do not know: see withBitswap.')
}
