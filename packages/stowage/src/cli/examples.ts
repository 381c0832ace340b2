/** Help text below the options of a command. A line that pipes into `stowage` stands as it is. */
export function examples(...lines: readonly string[]): string {
  const whole = (line: string): string => (line.includes('| stowage') ? line : `stowage ${line}`)
  return `\nExamples:\n${lines.map((line) => `  $ ${whole(line)}\n`).join('')}`
}
