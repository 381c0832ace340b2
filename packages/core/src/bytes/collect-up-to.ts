import { joinBytes } from './join.ts'

/** The bytes of a body, in memory of their own; of more than `limit`, no more chunks than show that. */
export async function collectUpTo(
  limit: number,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    length += chunk.length
    if (length > limit) break
  }
  return joinBytes(chunks)
}
