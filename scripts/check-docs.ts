import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { withQuotations } from './docs.ts'
import { filesBelow, root } from './workspace.ts'

const write = process.argv.includes('--write')
const sources = { read: (path: string): string => readFileSync(join(root, path), 'utf8') }
let stale = 0

for (const file of filesBelow(root, /\.md$/)) {
  const markdown = readFileSync(file, 'utf8')
  const current = withQuotations(markdown, sources)
  if (current === markdown) continue
  if (write) writeFileSync(file, current)
  else stale += 1
  console.log(`${relative(root, file)} ${write ? 'was brought up to date' : 'quotes what its sources no longer say'}`)
}
if (stale > 0) console.error('pnpm docs:write brings the pages up to date.')
process.exitCode = stale === 0 ? 0 : 1
