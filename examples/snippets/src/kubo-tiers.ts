import { createStorage, type StorageWrapper } from 'stowage'
// #region kubo
import { kubo } from '@stowage/backend-kubo'

export async function withKubo(): Promise<StorageWrapper> {
  return createStorage({ tiers: [kubo({ url: 'http://127.0.0.1:5001' })] })
}
// #endregion

// #region pinning
import { gateway } from '@stowage/backend-gateway'
import { pinning } from '@stowage/backend-pinning'

export async function withPinning(token: string): Promise<StorageWrapper> {
  const service = pinning({
    endpoint: 'https://pinning.example.org/api/v1',
    token,
    via: kubo({ url: 'http://127.0.0.1:5001' }),
    origins: ['/dns4/models.example.org/tcp/4001/p2p/12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo'],
    gateway: gateway({ gateways: ['https://gateway.example.org'] }),
  })
  return createStorage({ tiers: [service] })
}
// #endregion
