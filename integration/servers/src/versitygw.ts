import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { programOf } from './catalog.ts'
import { command } from './command.ts'
import { freePort } from './ports.ts'
import { answerOf } from './probe.ts'
import { start } from './process.ts'
import type { ServerOptions } from './ports.ts'
import type { S3Server } from './s3.ts'
import { temporaryFolder } from './will.ts'

/** versitygw over a temp folder. What it stores lies in `buckets/<bucket>/<key>` below `folder`. */
export interface Versitygw extends S3Server {
  readonly folder: string
}

export async function startVersitygw({ host = '127.0.0.1' }: ServerOptions = {}): Promise<Versitygw> {
  const folder = temporaryFolder('versitygw')
  const [buckets, users] = [join(folder.path, 'buckets'), join(folder.path, 'users')]
  await Promise.all([mkdir(buckets), mkdir(users)])
  const address = `${host}:${await freePort(host)}`
  const endpoint = `http://${address}`
  const region = 'us-east-1'
  const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret-of-the-owner' }
  const guest = { accessKeyId: 'guest', secretAccessKey: 'secret-of-the-guest' }
  const running = start({
    name: 'versitygw',
    program: programOf('versitygw'),
    args: ['--port', address, '--health', '/health', '--keep-alive', '--quiet', '--iam-dir', users, 'posix', buckets],
    env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    log: join(folder.path, 'log'),
  })
  const stop = async (): Promise<void> => {
    await running.stop()
    await folder.remove()
  }
  try {
    await running.until('it was healthy', async () => (await answerOf(`${endpoint}/health`)).ok || undefined)
    const admin = ['admin', '--access', credentials.accessKeyId, '--secret', credentials.secretAccessKey]
    const user = ['--access', guest.accessKeyId, '--secret', guest.secretAccessKey, '--role', 'user']
    await command(programOf('versitygw'), [...admin, '--endpoint-url', endpoint, 'create-user', ...user])
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, region, credentials, guest, folder: folder.path, stop }
}
