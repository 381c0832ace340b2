import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { StorageError } from '@stowage/core/spi'
import { isMute } from './errors.ts'
import { sizeInContentRange } from './content-range.ts'
import type { Session } from './life.ts'

/** What is known of an object without its bytes. */
export interface Head {
  readonly size: number
  readonly storageClass?: string | undefined
  readonly archiveStatus?: string | undefined
  /** The header `x-amz-restore`. */
  readonly restore?: string | undefined
}

/** Permission to read: HEAD takes the same as GET. */
const READ = 's3:GetObject'

/** Asks for an object without its bytes, and by GET when the answer gives no reason. */
export async function head(session: Session, key: string): Promise<Head | undefined> {
  try {
    return await quickHead(session, key)
  } catch (error) {
    if (!isMute(error)) throw error
    return probe(session, key)
  }
}

/** Only the HEAD. What fails `isMute` may be a miss or not. */
export async function quickHead(session: Session, key: string): Promise<Head> {
  const answer = await session.send({ needs: READ, key }, ({ sdk, client, Bucket }, options) =>
    client.send(new sdk.HeadObjectCommand({ Bucket, Key: key }), options),
  )
  return headOf(answer, answer.ContentLength ?? 0)
}

/** The same by a GET of one byte, whose failures say what they are. `undefined`: surely not there. */
export async function probe(session: Session, key: string): Promise<Head | undefined> {
  try {
    const answer = await getObject(session, key, 'bytes=0-0')
    answer.body.destroy()
    return headOf(answer, sizeInContentRange(answer.ContentRange) ?? answer.ContentLength ?? 0)
  } catch (error) {
    if (StorageError.is(error, 'not-found')) return undefined
    // No byte of it can be had: it has none.
    if (StorageError.is(error, 'range')) return { size: 0 }
    throw error
  }
}

interface Described {
  readonly StorageClass?: string | undefined
  readonly ArchiveStatus?: string | undefined
  readonly Restore?: string | undefined
}

function headOf({ StorageClass, ArchiveStatus, Restore }: Described, size: number): Head {
  return { size, storageClass: StorageClass, archiveStatus: ArchiveStatus, restore: Restore }
}

export type Answer = GetObjectCommandOutput & { readonly body: NodeJS.ReadableStream & { destroy(): void } }

/** Begins to read an object. Destroy the body, or read it to its end. */
export async function getObject(session: Session, key: string, range: string | undefined): Promise<Answer> {
  const answer = await session.send({ needs: READ, key }, ({ sdk, client, Bucket }, options) =>
    client.send(new sdk.GetObjectCommand({ Bucket, Key: key, ...(range !== undefined && { Range: range }) }), options),
  )
  return { ...answer, body: answer.Body as unknown as Answer['body'] }
}

/** The most that an outboard or the nodes of a directory may take: they are held in memory. */
const MAX_WHOLE = 256 * 1024 * 1024

/** All of a small object. `undefined`: surely not there. */
export async function getWhole(session: Session, key: string): Promise<Uint8Array | undefined> {
  let answer: Answer
  try {
    answer = await getObject(session, key, undefined)
  } catch (error) {
    if (StorageError.is(error, 'not-found')) return undefined
    throw error
  }
  const length = answer.ContentLength
  if (length === undefined || length > MAX_WHOLE) {
    answer.body.destroy()
    const init = { backend: session.settings.name }
    if (length === undefined) throw new StorageError('unavailable', `The server does not say how long ${key} is.`, init)
    throw new StorageError('too-large', `${key} has ${length} bytes; ${MAX_WHOLE} are the most.`, init)
  }
  const bytes = Buffer.alloc(length)
  let filled = 0
  for await (const chunk of bodyOf(session, key, answer, length)) {
    bytes.set(chunk, filled)
    filled += chunk.length
  }
  return bytes
}

/** The bytes of an answer: as many as it promised, or a transient `unavailable`. Leaving early closes the connection. */
export async function* bodyOf(
  { signal, failure, settings }: Session,
  key: string,
  { body }: Answer,
  length: number,
): AsyncGenerator<Uint8Array> {
  const stop = (): void => body.destroy()
  signal.addEventListener('abort', stop, { once: true })
  let given = 0
  try {
    if (signal.aborted) throw signal.reason
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      given += chunk.length
      yield chunk
      if (signal.aborted) throw signal.reason
    }
    if (signal.aborted) throw signal.reason
  } catch (error) {
    throw failure(error, key)
  } finally {
    signal.removeEventListener('abort', stop)
    body.destroy()
  }
  if (given !== length) {
    throw new StorageError('unavailable', `${key} broke off after ${given} of ${length} bytes.`, {
      backend: settings.name,
      operation: 'read',
      transient: true,
    })
  }
}
