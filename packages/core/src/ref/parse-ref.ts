import type { CID } from 'multiformats/cid'

export type ParsedRef =
  | { readonly kind: 'cid'; readonly cid: CID; readonly path: readonly string[] }
  | { readonly kind: 'alias'; readonly alias: string }
  | { readonly kind: 'name'; readonly name: string }

export function parseRef(_ref: CID | string): ParsedRef {
  throw new Error('not yet')
}
