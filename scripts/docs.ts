/**
 * What is quoted in Markdown, and where it comes from. Between a marker and its end stands text that is derived:
 *
 *     <!-- snippet examples/quickstart/src/main.ts#put -->   the region `put` of that file, as a code block
 *     <!-- bench put -->                                     the table in bench/results/put.json
 *     <!-- bench goals -->                                   what came of the goals, by all of those
 *     <!-- /snippet -->, <!-- /bench -->
 */
export interface Sources {
  /** Text of a file, by its path from the root; throws when there is none. */
  read(path: string): string
  /** The table of goals, as the results have it. */
  goals(): string
}

const QUOTE = /^<!-- (snippet|bench) (\S+) -->\n([\s\S]*?)^<!-- \/\1 -->$/gm
const OPENING = /^<!-- (snippet|bench) (\S+) -->$/gm

/** The page with every quotation as its source has it now. */
export function withQuotations(markdown: string, sources: Sources): string {
  const opened = markdown.match(OPENING)?.length ?? 0
  const closed = markdown.match(QUOTE)?.length ?? 0
  if (opened !== closed) throw new SyntaxError(`${opened} quotations are opened and ${closed} of them closed`)
  return markdown.replace(QUOTE, (_, kind: string, of: string) => {
    const text = kind === 'snippet' ? snippet(of, sources) : of === 'goals' ? sources.goals() : table(of, sources)
    return `<!-- ${kind} ${of} -->\n${text}\n<!-- /${kind} -->`
  })
}

function snippet(reference: string, sources: Sources): string {
  const [path = '', name] = reference.split('#')
  const source = sources.read(path)
  const code = name === undefined ? source.trimEnd() : region(source, name, path)
  return `\`\`\`${path.slice(path.lastIndexOf('.') + 1)}\n${code}\n\`\`\``
}

/** The lines between `// #region name` and the next `// #endregion`, moved to the left margin. */
export function region(source: string, name: string, path: string): string {
  const lines = source.split('\n')
  const starts = lines.flatMap((line, index) => (line.trim() === `// #region ${name}` ? [index] : []))
  const [start] = starts
  if (start === undefined || starts.length > 1) throw new SyntaxError(`${path} has ${starts.length} regions ${name}`)
  const end = lines.findIndex((line, index) => index > start && line.trim() === '// #endregion')
  if (end === -1) throw new SyntaxError(`Region ${name} of ${path} has no end`)
  const body = lines.slice(start + 1, end)
  const margin = Math.min(
    ...body.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length),
  )
  return body
    .map((line) => line.slice(margin))
    .join('\n')
    .trim()
}

/** The Markdown table that a benchmark wrote beside its figures. */
function table(suite: string, sources: Sources): string {
  const result = JSON.parse(sources.read(`bench/results/${suite}.json`)) as { readonly table?: unknown }
  if (typeof result.table !== 'string') throw new SyntaxError('a benchmark result has no table')
  return result.table.trim()
}

/** The goals that the page has an item for, as `- **P1** …`: it has to say why each goal that is missed is. */
export function goalsWithItem(markdown: string): string[] {
  return [...markdown.matchAll(/^- \*\*(P\d+)\*\* /gm)].flatMap(([, goal]) => goal ?? [])
}
