import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { peer } from '../peer.ts'

interface Client {
  send(command: unknown): Promise<{ readonly Body?: AsyncIterable<Uint8Array>; readonly ContentLength?: number }>
  destroy(): void
}

interface ClientS3 {
  readonly S3Client: new (options: unknown) => Client
  readonly GetObjectCommand: new (input: unknown) => unknown
  readonly HeadObjectCommand: new (input: unknown) => unknown
}

export interface Place {
  readonly endpoint: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly bucket: string
}

export const needsAws: readonly string[] = ['@aws-sdk/client-s3', '@aws-sdk/lib-storage']

/** How an upload or a download is cut. */
export interface Cut {
  /** Requests at a time. */
  readonly queueSize: number
  /** Bytes of each. */
  readonly partSize: number
}

/** What `aws s3 cp` does unless it is told otherwise: ten requests at a time, 8 MiB each. */
export const LIKE_THE_CLI: Cut = { queueSize: 10, partSize: 8 * 2 ** 20 }
/** What lib-storage does unless it is told otherwise. */
export const BY_DEFAULT: Cut = { queueSize: 4, partSize: 5 * 2 ** 20 }

async function connect({ endpoint, credentials }: Place): Promise<{ client: Client; sdk: ClientS3 }> {
  const sdk = await peer<ClientS3>('@aws-sdk/client-s3')
  const client = new sdk.S3Client({
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  return { client, sdk }
}

export async function upload(place: Place, file: string, how: Cut): Promise<void> {
  const { Upload } = await peer<{ Upload: new (options: unknown) => { done(): Promise<unknown> } }>(
    '@aws-sdk/lib-storage',
  )
  const { client } = await connect(place)
  const Body = createReadStream(file, { highWaterMark: 2 ** 20 })
  await new Upload({ client, params: { Bucket: place.bucket, Key: 'copy', Body }, ...how }).done()
  client.destroy()
}

/** One GET into a file. */
export async function downloadWhole(place: Place, key: string, path: string): Promise<void> {
  const { client, sdk } = await connect(place)
  const file = await open(path, 'w')
  try {
    await copyRange(client, sdk, { Bucket: place.bucket, Key: key }, file, 0)
    await file.sync()
  } finally {
    await file.close()
    client.destroy()
  }
}

/** Ranges side by side, as the CLI asks for them. */
export async function downloadRanges(place: Place, key: string, path: string): Promise<void> {
  const { client, sdk } = await connect(place)
  const file = await open(path, 'w')
  try {
    const object = { Bucket: place.bucket, Key: key }
    const { ContentLength: size = 0 } = await client.send(new sdk.HeadObjectCommand(object))
    let next = 0
    const lane = async (): Promise<void> => {
      while (next < size) {
        const start = next
        next += LIKE_THE_CLI.partSize
        const Range = `bytes=${start}-${Math.min(next, size) - 1}`
        await copyRange(client, sdk, { ...object, Range }, file, start)
      }
    }
    await Promise.all(Array.from({ length: LIKE_THE_CLI.queueSize }, lane))
    await file.sync()
  } finally {
    await file.close()
    client.destroy()
  }
}

async function copyRange(
  client: Client,
  sdk: ClientS3,
  input: object,
  file: Awaited<ReturnType<typeof open>>,
  start: number,
): Promise<void> {
  const { Body } = await client.send(new sdk.GetObjectCommand(input))
  let position = start
  for await (const chunk of Body ?? []) {
    await file.write(chunk, 0, chunk.length, position)
    position += chunk.length
  }
}
