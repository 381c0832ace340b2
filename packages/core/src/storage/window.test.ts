import fc from 'fast-check'
import { expect, test } from 'vitest'
import { windowOf } from './window.ts'

const edge = fc.option(fc.oneof(fc.integer({ min: -40, max: 40 }), fc.constantFrom(-Infinity, NaN, 1.7, -1.7)), {
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
