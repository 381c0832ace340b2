import { isNode, LineCounter, parseDocument, Parser, type CST } from 'yaml'
import { configError, type Path } from './problem.ts'

/** A configuration is a page of text. What is larger or deeper is a mistake or an attack. */
const MAX_BYTES = 256 * 1024
const MAX_DEPTH = 32
const MAX_ALIASES = 100

export interface ParsedText {
  readonly value: unknown
  /** Line of a path, or of the nearest parent that is written down; counted from 1. */
  lineOf(path: Path): number | undefined
}

/** Reads YAML, of which JSON is a part. `invalid-config` with the line for what is not sound. An empty text is `null`. */
export function parseText(text: string, label: string): ParsedText {
  const refuse = (message: string, line?: number): never => {
    throw configError({ label, lineOf: () => line }, [{ path: [], text: message }])
  }
  if (text.length > MAX_BYTES) refuse(`expected at most ${MAX_BYTES} characters, found ${text.length}`)
  if (isDeep(new Parser().parse(text))) refuse(`expected at most ${MAX_DEPTH} levels`)

  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, stringKeys: true })
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault !== undefined) refuse(unquoted(fault.message), lines.linePos(fault.pos[0]).line)
  return {
    value: plain(() => document.toJS({ maxAliasCount: MAX_ALIASES }), refuse),
    lineOf: (path) => {
      for (let depth = path.length; depth >= 0; depth--) {
        const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true)
        if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
      }
      return undefined
    },
  }
}

function plain(read: () => unknown, refuse: (message: string) => never): unknown {
  try {
    return read()
  } catch (error) {
    return refuse(unquoted(error instanceof Error ? error.message : String(error)))
  }
}

/** A parser's message without the piece of text that it quotes at its end, which may be part of a secret. */
function unquoted(message: string): string {
  return message.replace(/: .*$/s, '')
}

/** Whether anything lies too deep. Without recursion: it is what keeps the recursive steps after it from overflowing. */
function isDeep(tokens: Iterable<CST.Token>): boolean {
  const open: { token: CST.Token; depth: number }[] = [...tokens].map((token) => ({ token, depth: 0 }))
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next
    if (depth > MAX_DEPTH) return true
    if ('value' in token && token.value) open.push({ token: token.value, depth })
    if (!('items' in token)) continue
    for (const { key, value } of token.items) {
      if (key) open.push({ token: key, depth: depth + 1 })
      if (value) open.push({ token: value, depth: depth + 1 })
    }
  }
  return false
}
