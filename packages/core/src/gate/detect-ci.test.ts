import vendors from 'ci-info/vendors.json' with { type: 'json' }
import { describe, expect, test } from 'vitest'
import { detectCi } from './detect-ci.ts'

/** One environment for each vendor of the list, by the shape of its entry. */
function environmentsOf(env: unknown): Record<string, string>[] {
  if (typeof env === 'string') return [{ [env]: 'x1' }]
  if (Array.isArray(env)) return [Object.fromEntries(env.map((name: string) => [name, 'x1']))]
  const mark = env as Record<string, unknown>
  if (Array.isArray(mark['any'])) return mark['any'].map((name: string) => ({ [name]: 'x1' }))
  if (typeof mark['includes'] === 'string') return [{ [String(mark['env'])]: `before${mark['includes']}after` }]
  return [mark as Record<string, string>]
}

const CASES = vendors.flatMap((vendor) => environmentsOf(vendor.env).map((env) => ({ name: vendor.name, env })))

describe('every vendor that the library lists', () => {
  test('there are as many as ever', () => expect(CASES.length).toBeGreaterThan(50))

  test.each(CASES)('$name $env', ({ env }) => {
    const found = detectCi(env)
    expect(found).toBeDefined()
    expect(Object.keys(env)).toContain(found?.split('=')[0])
  })

  test.each(CASES.filter(({ env }) => !('CI' in env)))('$name is denied by CI=false', ({ env }) => {
    expect(detectCi({ ...env, CI: 'false' })).toBeUndefined()
  })
})

test.each([
  [{ GITHUB_ACTIONS: 'true' }, 'GITHUB_ACTIONS=true'],
  [{ GITLAB_CI: 'true' }, 'GITLAB_CI=true'],
  [{ BUILD_ID: '42' }, 'BUILD_ID=42'],
  [{ BUILD_ID: '42', JENKINS_URL: 'https://ci.example/' }, 'JENKINS_URL'],
  [{ BUILD_NUMBER: '7' }, 'BUILD_NUMBER=7'],
  [{ CIRCLECI: 'true' }, 'CIRCLECI=true'],
  [{ TRAVIS: 'true' }, 'TRAVIS=true'],
  [{ TF_BUILD: 'True' }, 'TF_BUILD=True'],
  [{ BUILDKITE: 'true' }, 'BUILDKITE=true'],
  [{ CI: 'woodpecker' }, 'CI=woodpecker'],
  [{ CI: 'true', BUILDKITE: 'true' }, 'BUILDKITE=true'],
  [{ CI: 'true', GITHUB_ACTIONS: '' }, 'CI=true'],
  [{ CI: '', GITLAB_CI: 'true' }, 'GITLAB_CI=true'],
  [{ CI: '  ', GITLAB_CI: 'true' }, 'GITLAB_CI=true'],
] as const)('%j is a CI: %s', (env, detail) => {
  expect(detectCi(env)).toBe(detail)
})

test.each(['true', '1', 'yes', 'TRUE', ' on ', 'anything', '2'])('CI=%j is a CI', (CI) => {
  expect(detectCi({ CI })).toBe(`CI=${CI.trim()}`)
})

test.each(['0', 'false', 'no', 'off', 'FALSE', ' No '])('CI=%j is none, whatever else is set', (CI) => {
  expect(detectCi({ CI, GITHUB_ACTIONS: 'true', BUILD_ID: '1', GITLAB_CI: '1' })).toBeUndefined()
})

test.each([
  {},
  { CI: '' },
  { CI: undefined },
  { GITHUB_ACTIONS: '' },
  { GITHUB_ACTIONS: 'false' },
  { BUILD_ID: '' },
  { TASK_ID: 'x' },
  { RUN_ID: 'x' },
  { JENKINS_URL: 'https://ci.example/' },
  { NODE: '/usr/bin/node' },
  { PATH: '/bin', HOME: '/home/ci', CIRCLE: '1' },
])('%j is none', (env) => {
  expect(detectCi(env)).toBeUndefined()
})

test.each(['x'.repeat(33), 'https://user:hunter2@ci.example', 'two words', 'a=b'])('%j is not copied', (value) => {
  expect(detectCi({ CI: value })).toBe('CI')
})
