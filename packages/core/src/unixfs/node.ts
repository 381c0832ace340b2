import { StorageError } from '../errors/storage-error.ts'
import { reader } from '../bytes/varint.ts'

/** A link of a dag-pb node, as places in the node's bytes: a node may have tens of thousands. */
export interface NodeLink {
  /** Where the binary CID starts, and its length. */
  readonly cidAt: number
  readonly cidLength: number
  /** Where the name's UTF-8 starts, and its length, which is 0 without one. */
  readonly nameAt: number
  readonly nameLength: number
  /** Bytes of all blocks below; absent in some old nodes. */
  readonly tsize: number | undefined
}

export interface Node {
  readonly data: Uint8Array | undefined
  readonly links: readonly NodeLink[]
}

const HASH = 0x0a
const NAME = 0x12
const TSIZE = 0x18
const DATA = 0x0a
const LINK = 0x12

/**
 * Reads a dag-pb node by the rules of https://ipld.io/specs/codecs/dag-pb/spec/: links first and data last, or
 * in old nodes the other way round, no other fields. Otherwise `integrity`. What the CIDs are is not looked at.
 */
export function readNode(bytes: Uint8Array): Node {
  const from = reader(bytes)
  const links: NodeLink[] = []
  let data: Uint8Array | undefined
  let dataAfter = 0
  while (!from.done) {
    const tag = from.varint()
    if (tag === LINK) {
      if (data !== undefined && dataAfter > 0)
        throw new StorageError('integrity', 'A dag-pb node has data between its links.')
      const link = from.take(from.varint())
      links.push(readLink(link, from.at - link.length))
    } else if (tag === DATA && data === undefined) {
      data = from.take(from.varint())
      dataAfter = links.length
    } else throw new StorageError('integrity', `A dag-pb node has an unknown or repeated field (tag ${tag}).`)
  }
  return { data, links }
}

function readLink(bytes: Uint8Array, start: number): NodeLink {
  const from = reader(bytes)
  let cid: { cidAt: number; cidLength: number } | undefined
  let nameAt = start
  let nameLength = 0
  let tsize: number | undefined
  let last = 0
  while (!from.done) {
    const tag = from.varint()
    if (tag <= last) throw new StorageError('integrity', 'A dag-pb link has its fields out of order or twice.')
    last = tag
    if (tag === HASH) {
      const cidLength = from.varint()
      cid = { cidAt: start + from.at, cidLength }
      from.take(cidLength)
    } else if (tag === NAME) {
      nameLength = from.varint()
      nameAt = start + from.at
      from.take(nameLength)
    } else if (tag === TSIZE) tsize = from.varint()
    else throw new StorageError('integrity', `A dag-pb link has an unknown field (tag ${tag}).`)
  }
  if (cid === undefined) throw new StorageError('integrity', 'A dag-pb link has no CID.')
  return { ...cid, nameAt, nameLength, tsize }
}
