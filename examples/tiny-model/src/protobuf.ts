/** The part of the protobuf wire format that an ONNX file of ours needs: varints, and fields with a length. */

export type Field = Uint8Array

export function varintField(number: number, value: number): Field {
  return concat([varint(number << 3), varint(value)])
}

export function bytesField(number: number, value: Uint8Array | string): Field {
  const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value
  return concat([varint((number << 3) | 2), varint(bytes.length), bytes])
}

export function messageField(number: number, fields: readonly Field[]): Field {
  return bytesField(number, concat(fields))
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 127) {
    bytes.push((rest % 128) | 128)
    rest = Math.floor(rest / 128)
  }
  return Uint8Array.from([...bytes, rest])
}
