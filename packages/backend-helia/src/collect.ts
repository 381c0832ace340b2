/** All bytes, in however many chunks they come; of more than `limit`, no more than shows that. */
export async function collect(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  limit: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of chunks) {
    parts.push(part)
    length += part.length
    if (length > limit) break
  }
  return new Uint8Array(Buffer.concat(parts))
}
