import { blockReader, cidKey, type Backend } from '@stowage/core/spi'
import { pinata } from '../src/index.ts'
import { nothing } from './blocks.ts'
import type { Pinata } from './pinata.ts'

/** The backend, with a gateway that gives what the server got. */
export function pinataAt(
  { url, token, blocks }: Pinata,
  other: { readonly token?: string } = {},
): ReturnType<typeof pinata> {
  const gateway: Backend = {
    ...nothing,
    traits: { ranges: 'native', verifies: 'leaves' },
    ...blockReader(async (cid) => blocks.get(cidKey(cid))?.bytes.slice()),
  }
  return pinata({ token, api: url, uploads: url, gateway, ...other })
}
