import { CID } from 'multiformats/cid'
import { tryParseCid } from '../cid/text.ts'
import { StorageError } from '../errors/storage-error.ts'

/** What a user wrote to name content. */
export type ParsedRef =
  /**
   * Content by its id, and the way from there down through directories. Segments are never empty, but any
   * text otherwise: `..` is the name of an entry like another.
   */
  | { readonly kind: 'cid'; readonly cid: CID; readonly path: readonly string[] }
  /** Another digest of the content, in its one spelling: `sha256:` and 64 lower-case digits. */
  | { readonly kind: 'alias'; readonly alias: string }
  /** Everything else, as it was given. Never a path of any file system. */
  | { readonly kind: 'name'; readonly name: string }

/** No CID in use is longer; what is longer is not worth decoding. */
const MAX_CID_TEXT = 512

/**
 * Tells CID, path below a CID, alias and name apart, without looking anything up. Text never throws: what
 * reads as nothing else is a name. Only `ipfs://` is a URL, so only there are `?query` and `#fragment` dropped
 * and percent escapes decoded; `/ipfs/<cid>/…` and `<cid>/…` are taken literally.
 * What is neither text nor a CID: `invalid-argument`.
 */
export function parseRef(ref: CID | string): ParsedRef {
  if (typeof ref !== 'string') return { kind: 'cid', cid: asCid(ref), path: [] }
  return parseContentPath(ref) ?? parseAlias(ref) ?? { kind: 'name', name: ref }
}

function asCid(ref: unknown): CID {
  const cid = CID.asCID(ref)
  if (cid === null)
    throw new StorageError(
      'invalid-argument',
      `A reference is a CID or text, not ${ref === null ? 'null' : typeof ref}.`,
    )
  return cid
}

function parseContentPath(text: string): ParsedRef | undefined {
  if (text.startsWith('ipfs://')) return belowCid(text.slice(7).replace(/[?#].*$/s, ''), decodeEscapes)
  if (text.startsWith('/ipfs/')) return belowCid(text.slice(6), literally)
  return belowCid(text, literally)
}

function belowCid(text: string, decode: (segment: string) => string): ParsedRef | undefined {
  const slash = text.indexOf('/')
  const first = slash === -1 ? text : text.slice(0, slash)
  const cid = first.length > MAX_CID_TEXT ? undefined : tryParseCid(first)
  if (cid === undefined || (cid.version === 0 && first.length !== 46)) return undefined
  const path =
    slash === -1
      ? []
      : text
          .slice(slash)
          .split('/')
          .filter((segment) => segment !== '')
          .map(decode)
  return { kind: 'cid', cid, path }
}

function parseAlias(text: string): ParsedRef | undefined {
  return /^sha256:[\da-fA-F]{64}$/.test(text) ? { kind: 'alias', alias: text.toLowerCase() } : undefined
}

function literally(segment: string): string {
  return segment
}

/** Escapes that spell one UTF-8 character. */
const ESCAPED = /%[0-7][\da-f]|%[cd][\da-f]%[89ab][\da-f]|%e[\da-f](?:%[89ab][\da-f]){2}|%f[0-7](?:%[89ab][\da-f]){3}/gi

function decodeEscapes(segment: string): string {
  return segment.replace(ESCAPED, (escape) => {
    try {
      return decodeURIComponent(escape)
    } catch {
      return escape
    }
  })
}
