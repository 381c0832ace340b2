import { CID } from 'multiformats/cid'
import { StorageError } from '../../errors/storage-error.ts'
import { readNode } from '../node.ts'

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
 * Decodes a dag-pb block with the names and CIDs of its links. `@ipld/dag-pb` does not do, as names must survive as they
 * are: its decoder drops a byte order mark and replaces what is no UTF-8, so that two names become one.
 * Malformed: `integrity`; a name that is no UTF-8: `unsupported`.
 */
export function decodeDagNode(bytes: Uint8Array): DagNode {
  const { data, links } = readNode(bytes)
  return {
    data,
    links: links.map(({ nameAt, nameLength, cidAt, cidLength, tsize }) => ({
      name: decodeName(bytes.subarray(nameAt, nameAt + nameLength)),
      cid: decodeCid(bytes.subarray(cidAt, cidAt + cidLength)),
      dagSize: tsize ?? 0,
    })),
  }
}

function decodeCid(bytes: Uint8Array): CID {
  try {
    // A copy (a Buffer's slice would be none): whoever keeps the link does not keep its node.
    return CID.decode(new Uint8Array(bytes))
  } catch (cause) {
    throw new StorageError('integrity', 'A link of a dag-pb node has no valid CID.', { cause })
  }
}

function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes)
  } catch (cause) {
    throw new StorageError('unsupported', 'A directory has a name that is no UTF-8.', { cause })
  }
}
