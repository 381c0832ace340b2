import { expect, test } from 'vitest'
import { backendCases, nearStoreCases, plan } from '../src/index.ts'
import { memorySubject } from './memory-subject.ts'

const { run, skipped } = await plan([...backendCases, ...nearStoreCases], memorySubject())

test.each(run)('$name', ({ run }) => run())

test('memory() keeps every promise but that of providers, which it has none of', () => {
  expect(skipped.map(({ reason }) => reason)).toEqual(['has no providers'])
})
