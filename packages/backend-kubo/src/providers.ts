import { formatCid, StorageError, type CID, type Provider } from '@stowage/core/spi'
import type { Settings } from './options.ts'
import type { Rpc } from './rpc.ts'

/** `Type` of the event that names providers (libp2p's routing query events). */
const PROVIDER = 4
const MOST = 20

interface PeerInfo {
  readonly ID?: string
  readonly Addrs?: readonly string[] | null
}

/** Who says that they have it, as far as the daemon's routing finds out within `search`, or the timeout. Each peer once. */
export async function* providersOf(
  rpc: Rpc,
  cid: CID,
  { name, search, timeout }: Settings,
  signal: AbortSignal,
): AsyncGenerator<Provider> {
  const time = search ?? timeout
  const options = { arg: formatCid(cid), 'num-providers': MOST, timeout: `${time}ms` }
  const seen = new Set<string>()
  try {
    for await (const { Type, Responses } of rpc.each({
      name: 'routing/findprovs',
      options,
      patience: time + timeout,
      signal,
    })) {
      if (Type !== PROVIDER || !Array.isArray(Responses)) continue
      for (const { ID = '', Addrs } of Responses as readonly PeerInfo[]) {
        if (ID === '' || seen.has(ID)) continue
        seen.add(ID)
        yield { id: ID, addresses: (Addrs ?? []).filter((address) => address !== ''), backend: name }
      }
    }
  } catch (error) {
    // The daemon says that the time is over: what was found by then is the answer.
    if (!(StorageError.is(error, 'timeout') && error.message.includes('deadline exceeded'))) throw error
  }
}
