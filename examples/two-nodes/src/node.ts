import { helia, type HeliaBackend } from '@stowage/backend-helia'
import { StorageWrapper, decideGate, local } from 'stowage'

export interface StorageNode {
  readonly storage: StorageWrapper
  readonly node: HeliaBackend
}

/** A storage in a folder that serves what it has, and fetches from these peers what it has not. */
export function openNode(dir: string, peers: readonly string[] = []): StorageNode {
  // #region node
  const near = local({ dir })
  const node = helia({ near, dir, peers })
  const storage = new StorageWrapper({
    near,
    tiers: [node],
    gate: decideGate({ distributed: true, hasTiers: true, env: process.env }),
  })
  // #endregion
  return { storage, node }
}
