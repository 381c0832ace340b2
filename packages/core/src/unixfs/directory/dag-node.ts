import { CID } from 'multiformats/cid'
import { StorageError } from '../../errors/storage-error.ts'
import { reader } from '../varint.ts'

export interface DagLink {
  readonly name: string
  readonly cid: CID
  /** Tsize: bytes of all blocks below, as the link claims. */
  readonly dagSize: number
}

export interface DagNode {
  readonly data: Uint8Array | undefined
  readonly links: readonly DagLink[]
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes a dag-pb block (IPLD dag-pb specification). `@ipld/dag-pb` does not do, as names must survive as they
 * are: its decoder drops a byte order mark and replaces what is no UTF-8, so that two names become one.
 * Malformed: `integrity`; a name that is no UTF-8: `unsupported`.
 */
export function decodeDagNode(bytes: Uint8Array): DagNode {
  let data: Uint8Array | undefined
  const links: DagLink[] = []
  for (const { field, value } of fields(bytes)) {
    if (typeof value === 'number') throw malformed(`field ${field} is a number`)
    if (field === 1 && data === undefined) data = value
    else if (field === 2) links.push(decodeLink(value))
    else throw malformed(`field ${field} is not expected there`)
  }
  return { data, links }
}

/** Only the data field: what kind of node it is, without its links. */
export function dataOfDagNode(bytes: Uint8Array): Uint8Array | undefined {
  for (const { field, value } of fields(bytes)) {
    if (field === 1 && typeof value !== 'number') return value
  }
  return undefined
}

function decodeLink(bytes: Uint8Array): DagLink {
  let cid: CID | undefined
  let name = ''
  let dagSize = 0
  let last = 0
  for (const { field, value } of fields(bytes)) {
    if (field <= last) throw malformed('the fields of a link are out of order')
    last = field
    if (field === 1 && typeof value !== 'number') cid = decodeCid(value)
    else if (field === 2 && typeof value !== 'number') name = decodeName(value)
    else if (field === 3 && typeof value === 'number') dagSize = value
    else throw malformed(`field ${field} of a link is not expected`)
  }
  if (cid === undefined) throw malformed('a link has no CID')
  return { name, cid, dagSize }
}

function decodeCid(bytes: Uint8Array): CID {
  try {
    // A copy (a Buffer's slice would be none): whoever keeps the link does not keep its node.
    return CID.decode(new Uint8Array(bytes))
  } catch (cause) {
    throw malformed('a link has no valid CID', cause)
  }
}

function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch (cause) {
    throw new StorageError('unsupported', 'A directory has a name that is no UTF-8.', { cause })
  }
}

interface Field {
  readonly field: number
  /** Bytes for wire type 2, a number for wire type 0. No other occurs in dag-pb. */
  readonly value: Uint8Array | number
}

function* fields(bytes: Uint8Array): Generator<Field, void, undefined> {
  const from = reader(bytes)
  while (!from.done) {
    const key = from.varint()
    const wire = key % 8
    if (wire !== 0 && wire !== 2) throw malformed(`wire type ${wire} is not used`)
    const number = from.varint()
    yield { field: Math.floor(key / 8), value: wire === 0 ? number : from.take(number) }
  }
}

function malformed(problem: string, cause?: unknown): StorageError {
  return new StorageError('integrity', `Malformed dag-pb: ${problem}.`, cause === undefined ? {} : { cause })
}
