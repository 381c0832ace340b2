/** Where things lie in the store's folder. All results are relative, with `/`. */

const KEY = /^b[a-z2-7]{20,200}$/
const FILE = /^(b[a-z2-7]{20,200})(?:\.(outboard|dir))?$/

export interface StoredFile {
  readonly key: string
  readonly kind: 'blob' | 'outboard' | 'directory'
}

/** The folder that a key's files lie in. */
export function shardOf(key: string): string {
  if (!KEY.test(key)) throw new TypeError(`Not a key: ${key}`)
  return `blobs/${key.slice(-2)}`
}

export function blobPath(key: string): string {
  return `${shardOf(key)}/${key}`
}

export function outboardPath(key: string): string {
  return `${shardOf(key)}/${key}.outboard`
}

export function directoryNodesPath(key: string): string {
  return `${shardOf(key)}/${key}.dir`
}

/** What a row's content lies in: a blob's bytes, or a directory's nodes. */
export function contentPath({ key, directory }: { readonly key: string; readonly directory: number }): string {
  return directory === 1 ? directoryNodesPath(key) : blobPath(key)
}

export function viewPath(key: string): string {
  shardOf(key)
  return `views/${key}`
}

export function partialPath(key: string): string {
  shardOf(key)
  return `partial/${key}`
}

/** What a file in `blobs/<2>/` is, by its name; `undefined` for what the store did not put there. */
export function parseFileName(name: string): StoredFile | undefined {
  const match = FILE.exec(name)
  if (match?.[1] === undefined) return undefined
  const kind = match[2] === undefined ? 'blob' : match[2] === 'dir' ? 'directory' : 'outboard'
  return { key: match[1], kind }
}
