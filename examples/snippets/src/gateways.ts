import { createStorage, type StorageWrapper } from 'stowage'
// #region own
import { gateway } from '@stowage/backend-gateway'

export async function withGateways(): Promise<StorageWrapper> {
  const gateways = ['http://127.0.0.1:8080', 'https://models.example.org/ipfs-gateway']
  return createStorage({ tiers: [gateway({ gateways })] })
}
// #endregion

// #region mirror
import { mirror } from '@stowage/backend-gateway'

export async function withMirror(): Promise<StorageWrapper> {
  const url = 'https://mirror.example.org/blobs/{cid}'
  return createStorage({ tiers: [mirror({ url, outboard: `${url}.outboard` })] })
}
// #endregion

// #region public
export async function withPublicGateways(): Promise<StorageWrapper> {
  return createStorage({ tiers: [gateway({ preset: 'public' })] })
}
// #endregion

// #region near
/** Another machine's near store, its folder served by a web server: blobs above 64 KiB, and their outboards. */
export const otherMachine = mirror({
  name: 'other-machine',
  url: (cid) => `http://10.0.0.7/stowage/blobs/${String(cid).slice(-2)}/${cid}`,
  outboard: (cid) => `http://10.0.0.7/stowage/blobs/${String(cid).slice(-2)}/${cid}.outboard`,
})
// #endregion
