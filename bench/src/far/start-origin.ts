import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export interface OriginOptions {
  /** The blob's bytes. */
  readonly file: string
  /** Where `describe` wrote the blob's CID and outboard. */
  readonly about: string
  /** Bytes a second, over all connections. Absent: as fast as it goes. */
  readonly rate?: number | undefined
  /** After so many bytes it is gone: connections are reset, new ones refused. */
  readonly diesAfter?: number | undefined
}

export interface Origin {
  readonly url: string
  /** Bytes of bodies that it sent. */
  moved(): Promise<number>
  stop(): Promise<void>
}

/** Starts a gateway of one blob in a process of its own, so that it takes nothing of the measured one's time. */
export async function startOrigin(options: OriginOptions): Promise<Origin> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'origin.js'), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface(child.stdout)
  const [url] = (await once(lines, 'line')) as [string]
  const ended = once(child, 'exit')
  return {
    url,
    moved: async () => {
      const answer = once(lines, 'line') as Promise<[string]>
      child.stdin.write('moved\n')
      return Number((await answer)[0])
    },
    stop: async () => {
      child.stdin.end()
      await ended
    },
  }
}

/** Runs work with these origins, which end with it. */
export async function withOrigins<T>(
  all: readonly OriginOptions[],
  work: (origins: readonly Origin[]) => Promise<T>,
): Promise<T> {
  const origins = await Promise.all(all.map(startOrigin))
  try {
    return await work(origins)
  } finally {
    await Promise.all(origins.map((origin) => origin.stop()))
  }
}
