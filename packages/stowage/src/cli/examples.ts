/** Help text below the options of a command. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ stowage ${line}\n`).join('')}`
}
