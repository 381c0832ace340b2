import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

// Runs beside a process that starts servers, in a session of its own. When that process ends, however it ends, its end
// of the pipe closes: then every process group that it told us of is killed, and every folder removed.

const groups = new Set<number>()
const folders = new Set<string>()

for await (const line of createInterface({ input: process.stdin })) {
  const { group, gone, folder } = JSON.parse(line) as { group?: number; gone?: number; folder?: string }
  if (group !== undefined) groups.add(group)
  if (gone !== undefined) groups.delete(gone)
  if (folder !== undefined) folders.add(folder)
}

for (const group of groups) {
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
