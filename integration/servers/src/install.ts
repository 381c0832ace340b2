import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { built, cacheFolder, programOf, rgwPackages, unavailable, type ServerName } from './catalog.ts'

// Installs the servers of the integration leg, or those that are named: node install.ts [name …]

const names = [...Object.keys(built), 'rgw'] as ServerName[]
const wanted = process.argv.length > 2 ? process.argv.slice(2) : names
const unknown = wanted.filter((name) => !(names as string[]).includes(name))
if (unknown.length > 0) {
  console.error(`No such server: ${unknown.join(', ')}. There are ${names.join(', ')}.`)
  process.exit(2)
}

for (const name of names.filter((each) => wanted.includes(each))) {
  if (unavailable(name) === undefined) {
    console.log(`${name}: there`)
  } else if (name === 'rgw') {
    installRgw()
  } else {
    build(name)
  }
}

/** Built beside its place and renamed, so that whoever sees the program sees all of it. */
function build(name: keyof typeof built): void {
  const place = dirname(programOf(name))
  console.log(`${name}: building ${built[name].version} into ${place}`)
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), `.${name}-`))
  try {
    const done = must(
      'go',
      ['build', '-mod=readonly', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', work, built[name].package],
      {
        cwd: join(import.meta.dirname, '..', 'go', name),
      },
    )
    if (!done) return
    rmSync(place, { recursive: true, force: true })
    renameSync(work, place)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function installRgw(): void {
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).error !== undefined) {
    console.log('rgw: skipped, because installing it needs root and apt-get; its tests are skipped, too')
    return
  }
  console.log(`rgw: installing ${rgwPackages.join(', ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  if (!must('apt-get', ['update', '-qq'], { env })) return
  must('apt-get', ['install', '-qq', '--yes', '--no-install-recommends', ...rgwPackages], { env })
}

/** Whether the command did it; when not, the exit code says so at the end. */
function must(program: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv }): boolean {
  const { error, status } = spawnSync(program, args, { ...options, stdio: ['ignore', 'inherit', 'inherit'] })
  if (error === undefined && status === 0) return true
  console.error(`${program} failed: ${error?.message ?? `exit code ${status}`}`)
  process.exitCode = 1
  return false
}
