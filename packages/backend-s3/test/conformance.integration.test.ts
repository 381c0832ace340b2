import { backendCases, plan } from '@stowage/backend-testkit'
import { describeOn } from '@stowage/test-servers/shared'
import { it } from 'vitest'
import { s3, type S3Backend, type S3Options } from '../src/index.ts'
import { freshBucket, servers } from './server.ts'

for (const server of servers) {
  const optionsOf = new WeakMap<object, S3Options>()
  const opened = (options: S3Options): S3Backend => {
    const backend = s3(options)
    optionsOf.set(backend, options)
    return backend
  }
  // Which methods a backend has can be seen without a server.
  let planned = false
  const { run, skipped } = await plan(backendCases, {
    open: async () => opened(planned ? { ...(await freshBucket(server)), prefix: 'models/' } : { bucket: 'unseen' }),
    reopen: async (closed) => s3(optionsOf.get(closed) as S3Options),
  })
  planned = true

  describeOn(server, `s3 on ${server} keeps the promises of a backend`, () => {
    for (const { name, run: check } of run) it(name, check)
    for (const { name, reason } of skipped) it.skip(`${name}: ${reason}`)
  })
}
