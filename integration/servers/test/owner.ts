import { join } from 'node:path'
import { start } from '../src/process.ts'
import { temporaryFolder } from '../src/will.ts'

// Starts a program, tells its parent the folder when the program answers, and waits to be killed.

const [script, url] = process.argv.slice(2) as [string, string]
const folder = temporaryFolder('owner')
const running = start({
  name: 'script',
  program: process.execPath,
  args: ['-e', script],
  log: join(folder.path, 'log'),
})
await running.until('it answered', async () => (await fetch(url)).ok || undefined)
process.send?.(folder.path)
setInterval(() => undefined, 60_000)
