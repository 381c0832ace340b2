import { expect, test } from 'vitest'
import type { StorageErrorCode } from '../../errors/storage-error.ts'
import { afterFailure, afterGivingUp, isOutage, resumeAfter } from './outcome.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')
const failing = (code: StorageErrorCode) => ({ code, message: 'no' })

test.each([
  ['denied', 'failed', false],
  ['unauthenticated', 'failed', false],
  ['unsupported', 'failed', false],
  ['too-large', 'failed', false],
  ['invalid-argument', 'failed', false],
  ['invalid-config', 'failed', false],
  ['unavailable', 'queued', true],
  ['timeout', 'queued', true],
  ['rate-limited', 'queued', true],
  ['no-space', 'queued', true],
  ['quota', 'queued', true],
  ['integrity', 'queued', false],
  ['not-found', 'queued', false],
  ['unexpected', 'queued', false],
] as const)('after %s a copy is %s', (code, state, outage) => {
  expect(afterFailure(failing(code), 0, NOW, 0.5)).toMatchObject({ state, error: failing(code) })
  expect(isOutage(failing(code))).toBe(outage)
})

test.each([
  [0, 1],
  [1, 10],
  [2, 60],
  [3, 600],
  [4, 3600],
  [5, 4 * 3600],
  [500, 4 * 3600],
])('after %d failures before it is due in %d s, give or take a quarter', (failures, seconds) => {
  const dueAfter = (random: number): number => {
    const outcome = afterFailure(failing('unavailable'), failures, NOW, random)
    return outcome.state === 'queued' ? (outcome.dueAt.getTime() - NOW) / 1000 : NaN
  }
  expect([dueAfter(0), dueAfter(0.5), dueAfter(1)]).toEqual([0.75 * seconds, seconds, 1.25 * seconds])
})

test('one that was given up counts no failure', () => {
  expect(afterGivingUp(NOW, 0.5)).toEqual({ state: 'queued', dueAt: new Date(NOW + 1000) })
})

test.each([
  [0, 0],
  [1, 1],
  [2, 10],
  [3, 60],
  [4, 600],
  [99, 600],
])('after %d outages in a row a tier is asked again in %d s', (outages, seconds) => {
  expect(resumeAfter(outages, NOW, 0.5)).toBe(NOW + 1000 * seconds)
})
