import fc from 'fast-check'
import { expect, test } from 'vitest'
import { barText } from './progress.ts'

const KNOWN = { bytes: 5e8, total: 1e9, percent: 50, speed: 1e8, eta: 5 }

test('a bar that is half full', () => {
  const { name, bar, rest } = barText('model.onnx', KNOWN, 120)
  expect(`${name}${bar}${rest}`).toBe(
    `model.onnx ${'█'.repeat(15)}${'░'.repeat(15)}  50 %  500.0 MB of 1.0 GB  100.0 MB/s  5 s left`,
  )
})

test('where it comes from', () => {
  expect(barText('x', { ...KNOWN, source: 'https://gateway.example' }, 120).rest).toContain(
    'from https://gateway.example',
  )
})

test('without a total there is no bar', () => {
  expect(barText('-', { bytes: 5, speed: 1 }, 80).bar).toBe('')
})

test('never wider than the terminal', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.integer({ min: 1, max: 200 }),
      fc.option(fc.double({ min: 0, max: 100, noNaN: true })),
      (label, columns, percent) => {
        const { name, bar, rest } = barText(label, percent === null ? { bytes: 5 } : { ...KNOWN, percent }, columns)
        expect(name.length + bar.length + rest.length).toBeLessThan(Math.max(2, columns))
      },
    ),
  )
})
