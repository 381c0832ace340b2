import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createBucket } from '@stowage/test-servers'
import { describeOn, shared } from '@stowage/test-servers/shared'
import { expect, it } from 'vitest'

for (const name of ['versitygw', 'rgw'] as const) {
  describeOn(name, `the example s3-tier on ${name}`, () => {
    it('runs to its end, with every check holding', async () => {
      const server = await shared(name)
      const { CI: _, ...inherited } = process.env
      const env = {
        ...inherited,
        S3_BUCKET: await createBucket(server),
        S3_ENDPOINT: server.endpoint,
        AWS_REGION: server.region,
        AWS_ACCESS_KEY_ID: server.credentials.accessKeyId,
        AWS_SECRET_ACCESS_KEY: server.credentials.secretAccessKey,
      }
      const program = ['--conditions=@stowage/source', join(import.meta.dirname, 'main.ts')]
      const { stdout } = await promisify(execFile)(process.execPath, program, { env })
      expect(stdout).not.toContain('FAIL')
      expect(stdout.match(/ ok /g)).toHaveLength(7)
    })
  })
}
