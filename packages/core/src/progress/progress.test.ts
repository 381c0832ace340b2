import { expect, test } from 'vitest'
import { meter, rates, type ProgressEvent } from './progress.ts'

function record(): { events: ProgressEvent[]; clock: { now: number }; onProgress: (event: ProgressEvent) => void } {
  const events: ProgressEvent[] = []
  return { events, clock: { now: 0 }, onProgress: (event) => void events.push(event) }
}

test('start and end once, chunks at most every 100 ms', () => {
  const { events, clock, onProgress } = record()
  const progress = meter(onProgress, { name: 'm', total: 400 }, () => clock.now)
  for (let i = 1; i <= 40; i++) {
    clock.now = i * 10
    progress.add(10)
  }
  progress.end({ total: 400 })
  expect(events.map(({ type }) => type)).toEqual(['start', 'chunk', 'chunk', 'chunk', 'chunk', 'end'])
  expect(events.at(1)).toMatchObject({ name: 'm', bytes: 100, total: 400, percent: 25, speed: 1000, eta: 0.3 })
  expect(events.at(-1)).toMatchObject({ bytes: 400, percent: 100, eta: 0 })
})

test('nobody listens: nothing happens', () => {
  const progress = meter(undefined)
  progress.set({ name: 'x' })
  progress.at(5)
  progress.end()
})

test.each([
  [0, 0, 0, { percent: 100, speed: undefined, eta: undefined }],
  [5, undefined, 1, { speed: 5 }],
  [1, 3, 0, { percent: 33.3, speed: undefined, eta: undefined }],
  [7, 5, 1, { percent: 100, speed: 7, eta: 0 }],
])('%s of %s in %s s', (bytes, total, seconds, expected) => {
  expect(rates(bytes, total, seconds)).toEqual(expected)
})
