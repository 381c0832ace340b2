import fc from 'fast-check'
import { expect, test } from 'vitest'
import { windowOf } from './window.ts'

const edge = fc.option(fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constantFrom(-Infinity, NaN)), {
  nil: undefined,
})

test('slices of slices are those of a web Blob', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 32 }),
      fc.array(fc.record({ start: edge, end: edge }), { maxLength: 4 }),
      async (bytes, slices) => {
        const blob = slices.reduce((part, { start, end }) => part.slice(start, end), new Blob([Uint8Array.from(bytes)]))
        const { offset, length } = windowOf(slices, bytes.length)
        expect(bytes.slice(offset, offset + length)).toEqual(new Uint8Array(await blob.arrayBuffer()))
      },
    ),
  )
})

test('fractions are rounded to the nearest whole number', () => {
  // As Web IDL's [Clamp] has it; the Blobs of Node 22 and 24 differ there.
  expect(windowOf([{ start: 1.7, end: -1.2 }], 9)).toEqual({ offset: 2, length: 6 })
})
