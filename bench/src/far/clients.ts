import { execFile } from 'node:child_process'
import { open, type FileHandle } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What one writes without a library: a fetch into a file, checked by nobody, made durable at the end. */
export async function fetchIntoFile(url: string, path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    let position = 0
    for await (const chunk of bodyOf(await fetch(url))) {
      await file.write(chunk, 0, chunk.length, position)
      position += chunk.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

/** One source after the other: where one breaks off, the next goes on at that byte. */
export async function failOver(urls: readonly string[], path: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    let position = 0
    for (const url of urls) {
      try {
        position = await continueFrom(url, file, position, (reached) => (position = reached))
        return await file.sync()
      } catch {
        // The next one.
      }
    }
    throw new Error('No source gave the rest.')
  } finally {
    await file.close()
  }
}

async function continueFrom(
  url: string,
  file: FileHandle,
  from: number,
  reached: (position: number) => void,
): Promise<number> {
  const response = await fetch(url, { headers: { range: `bytes=${from}-` } })
  let position = from
  for await (const chunk of bodyOf(response)) {
    await file.write(chunk, 0, chunk.length, position)
    position += chunk.length
    reached(position)
  }
  return position
}

function bodyOf({ body }: Response): AsyncIterable<Uint8Array> {
  if (body === null) throw new Error('The answer has no body.')
  return body as AsyncIterable<Uint8Array>
}

export async function curl(url: string, path: string): Promise<void> {
  await promisify(execFile)('curl', ['--silent', '--fail', '--output', path, url])
}
