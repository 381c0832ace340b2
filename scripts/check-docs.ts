import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { goalsOf, goalsTable } from '../bench/src/goals.ts'
import { pictureOf } from '../bench/src/picture/picture.ts'
import { benchResults } from './bench-results.ts'
import { goalsWithItem, withQuotations } from './docs.ts'
import { filesBelow, root } from './workspace.ts'

const PICTURE = join(root, 'docs/performance.svg')
const PERFORMANCE = join(root, 'docs/performance.md')

const write = process.argv.includes('--write')
const results = benchResults()
const sources = {
  read: (path: string): string => readFileSync(join(root, path), 'utf8'),
  goals: (): string => goalsTable(results),
}
let stale = 0

function keep(file: string, current: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === current) return
  if (write) writeFileSync(file, current)
  else stale += 1
  console.log(`${relative(root, file)} ${write ? 'was brought up to date' : 'says what its sources no longer say'}`)
}

for (const file of filesBelow(root, /\.md$/)) keep(file, withQuotations(readFileSync(file, 'utf8'), sources))
keep(PICTURE, pictureOf(Object.values(results)))
if (stale > 0) console.error('pnpm docs:write brings the pages up to date.')

const missed = goalsOf(results).flatMap(({ name, state }) => (state === 'missed' ? [name] : []))
const explained = goalsWithItem(readFileSync(PERFORMANCE, 'utf8'))
const silent = missed.filter((goal) => !explained.includes(goal))
const outdated = explained.filter((goal) => !missed.includes(goal))
for (const goal of silent) console.error(`docs/performance.md has no item that says why ${goal} is missed.`)
for (const goal of outdated) console.error(`docs/performance.md says why ${goal} is missed, and it is not.`)
process.exitCode = stale + silent.length + outdated.length === 0 ? 0 : 1
