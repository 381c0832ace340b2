import { Buffer } from 'node:buffer'
import { CID_LENGTH, cidBytes } from './make.ts'

/** Characters of a CIDv1 of a sha2-256 digest in base32: the multibase prefix, and 5 bits each. */
export const TEXT_LENGTH: number = 1 + Math.ceil((CID_LENGTH * 8) / 5)

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const PREFIX = 'b'.charCodeAt(0)
/** Stands in `digits` for characters that are none; no digit has this bit. */
const BAD = 0x80

const codes = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0))
const digits = new Uint8Array(128).fill(BAD)
codes.forEach((code, digit) => {
  digits[code] = digit
})

/** 35 of the 36 bytes are seven groups of 5 bytes or 8 characters; the last byte has two characters, the second ending in two zero bits. */
const GROUPED = 35

const line = Buffer.alloc(TEXT_LENGTH)
line[0] = PREFIX

/** The text of `CID_LENGTH` bytes, prefix included. */
export function encodeText(bytes: Uint8Array): string {
  let to = 1
  for (let from = 0; from < GROUPED; from += 5, to += 8) {
    const [a, b, c, d, e] = [
      at(bytes, from),
      at(bytes, from + 1),
      at(bytes, from + 2),
      at(bytes, from + 3),
      at(bytes, from + 4),
    ]
    line[to] = at(codes, a >> 3)
    line[to + 1] = at(codes, ((a << 2) | (b >> 6)) & 31)
    line[to + 2] = at(codes, (b >> 1) & 31)
    line[to + 3] = at(codes, ((b << 4) | (c >> 4)) & 31)
    line[to + 4] = at(codes, ((c << 1) | (d >> 7)) & 31)
    line[to + 5] = at(codes, (d >> 2) & 31)
    line[to + 6] = at(codes, ((d << 3) | (e >> 5)) & 31)
    line[to + 7] = at(codes, e & 31)
  }
  const last = at(bytes, GROUPED)
  line[to] = at(codes, last >> 3)
  line[to + 1] = at(codes, (last << 2) & 31)
  return line.toString('latin1')
}

/** The bytes of a text of `TEXT_LENGTH` characters; `undefined` when it is not the one canonical text of any bytes. */
export function decodeText(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length !== TEXT_LENGTH || text.charCodeAt(0) !== PREFIX) return undefined
  const bytes = cidBytes()
  let seen = 0
  let from = 1
  for (let to = 0; to < GROUPED; to += 5, from += 8) {
    const a = digit(text, from)
    const b = digit(text, from + 1)
    const c = digit(text, from + 2)
    const d = digit(text, from + 3)
    const e = digit(text, from + 4)
    const f = digit(text, from + 5)
    const g = digit(text, from + 6)
    const h = digit(text, from + 7)
    seen |= a | b | c | d | e | f | g | h
    bytes[to] = (a << 3) | (b >> 2)
    bytes[to + 1] = (b << 6) | (c << 1) | (d >> 4)
    bytes[to + 2] = (d << 4) | (e >> 1)
    bytes[to + 3] = (e << 7) | (f << 2) | (g >> 3)
    bytes[to + 4] = (g << 5) | h
  }
  const high = digit(text, from)
  const low = digit(text, from + 1)
  bytes[GROUPED] = (high << 3) | (low >> 2)
  return ((seen | high | low) & BAD) === 0 && (low & 3) === 0 ? bytes : undefined
}

function digit(text: string, index: number): number {
  const code = text.charCodeAt(index)
  return code < 128 ? (digits[code] as number) : BAD
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number
}
