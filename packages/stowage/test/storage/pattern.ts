/** Byte i is i % 251, as in the vectors. */
export function pattern(size: number, from = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size)
  for (let i = 0; i < size; i++) bytes[i] = (from + i) % 251
  return bytes
}
