import { backendCases, plan } from '@stowage/backend-testkit'
import { afterAll, describe, it } from 'vitest'
import { gateway } from '../src/index.ts'
import { closeAll } from './fake-gateway.ts'
import { subject } from './subject.ts'

afterAll(closeAll)

describe('a gateway keeps the promises of a backend', async () => {
  const { run, skipped } = await plan(
    backendCases,
    subject((url) => gateway({ gateways: [url] })),
  )
  for (const { name, run: check } of run) it(name, check)
  for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
})
