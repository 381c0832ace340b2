/** A block's bytes, in however many chunks they come, in memory of their own; of more than `limit`, no more than shows that. */
export async function collect(
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array> | Uint8Array,
  limit: number = Infinity,
): Promise<Uint8Array> {
  if (chunks instanceof Uint8Array) return chunks
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    length += chunk.length
    if (length > limit) break
  }
  const bytes = new Uint8Array(length)
  let filled = 0
  for (const part of parts) {
    bytes.set(part, filled)
    filled += part.length
  }
  return bytes
}
