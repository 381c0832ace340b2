import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describeOn } from '@stowage/test-servers/shared'
import { expect, it } from 'vitest'
import { freshBucket } from './server.ts'

describeOn('versitygw', 'memory of a put to versitygw', () => {
  it('does not grow with the blob', async () => {
    const place = await freshBucket('versitygw')
    const program = fileURLToPath(new URL('put-large.ts', import.meta.url))
    const peakOf = async (megabytes: number): Promise<number> => {
      const args = ['--conditions=@stowage/source', program, JSON.stringify(place), `${megabytes}`]
      const { stdout } = await promisify(execFile)(process.execPath, args)
      return Number(stdout)
    }
    const [small, large] = [await peakOf(160), await peakOf(640)]
    expect(large - small).toBeLessThan(96)
  })
})
