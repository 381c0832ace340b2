import { describe, expect, it } from 'vitest'
import { assertSafeFileName } from './names.ts'

describe('assertSafeFileName', () => {
  it.each([
    'a',
    'model.safetensors',
    '...',
    '.hidden',
    'a b',
    'ä',
    '\u{1F600}',
    'x'.repeat(255),
    'ä'.repeat(127),
    'c:',
    '-rf',
    'con',
  ])('takes %j', (name) => {
    expect(() => assertSafeFileName(name)).not.toThrow()
  })

  it.each(['', '.', '..', '/', 'a/b', '../a', '\\', 'a\\b', '\0', 'a\0b', 'a\ud800', 'x'.repeat(256), 'ä'.repeat(128)])(
    'refuses %j',
    (name) => {
      expect(() => assertSafeFileName(name)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    },
  )

  it('refuses what is no text', () => {
    expect(() => assertSafeFileName(undefined as unknown as string)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  })
})
