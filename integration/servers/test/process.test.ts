import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { freePort } from '../src/ports.ts'
import { start } from '../src/process.ts'
import { temporaryFolder } from '../src/will.ts'

const folder = temporaryFolder('process')
const log = join(folder.path, 'log')
const stops = new Set<() => Promise<void>>()
afterEach(async () => {
  for (const stop of stops) await stop()
  stops.clear()
})

function node(script: string): ReturnType<typeof start> {
  const running = start({ name: 'script', program: process.execPath, args: ['-e', script], log, grace: 500 })
  stops.add(() => running.stop())
  return running
}
const serve = (port: number): string =>
  `require('http').createServer((_, r) => r.end('hi')).listen(${port}, '127.0.0.1')`
const answers = async (port: number): Promise<true | undefined> =>
  (await fetch(`http://127.0.0.1:${port}`)).ok ? true : undefined
const refuses = (port: number): Promise<void> =>
  vi.waitFor(() => expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow('fetch failed'), 10_000)

it('waits until the program answers, and ends it', async () => {
  const port = await freePort()
  const running = node(serve(port))
  expect(await running.until('it answered', () => answers(port))).toBe(true)
  await running.stop()
  await refuses(port)
})

it('tells what the program said when it ends before it is ready', async () => {
  const running = node(`console.log('no ' + 'luck'); process.exit(3)`)
  await expect(running.until('it answered', async () => undefined)).rejects.toThrow(
    /exit 3 before it answered.*no luck/s,
  )
})

it('tells that there is no such program', async () => {
  const running = start({ name: 'nothing', program: join(folder.path, 'nothing'), args: [], log })
  await expect(running.until('it answered', async () => undefined)).rejects.toThrow('ENOENT')
  await running.stop()
})

it('ends a program that does not want to, and what it started', async () => {
  const [port, inner] = [await freePort(), await freePort()]
  const child = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(serve(inner))}])`
  const running = node(`process.on('SIGTERM', () => {}); ${child}; ${serve(port)}`)
  await running.until('both answered', async () => (await answers(port)) && answers(inner))
  await running.stop()
  await Promise.all([refuses(port), refuses(inner)])
})

it('leaves nothing behind when the process that started it is killed', async () => {
  const port = await freePort()
  const owner = fork(join(import.meta.dirname, 'owner.ts'), [serve(port), `http://127.0.0.1:${port}`])
  const [path] = (await once(owner, 'message')) as [string]
  expect(existsSync(path)).toBe(true)
  expect(await answers(port)).toBe(true)
  owner.kill('SIGKILL')
  await refuses(port)
  await vi.waitFor(() => expect(existsSync(path)).toBe(false), 10_000)
})
