import { randomUUID } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { command } from './command.ts'
import { freePort } from './ports.ts'
import { answerOf } from './probe.ts'
import { start, type Running } from './process.ts'
import type { S3Server } from './s3.ts'
import { temporaryFolder } from './will.ts'

/** What is stored lies in memory, and may be so many bytes in all. */
const MEMORY = 4 * 2 ** 30

/** Ceph RGW on a cluster of one monitor and one store in memory. */
export async function startRgw(): Promise<S3Server> {
  const folder = temporaryFolder('rgw')
  const config = join(folder.path, 'ceph.conf')
  const [v2, v1, port] = [await freePort(), await freePort(), await freePort()]
  const monitor = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`
  const fsid = randomUUID()
  const running: Running[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.map((each) => each.stop()))
    await folder.remove()
  }
  const ceph = (program: string, ...args: string[]): Promise<string> => command(program, ['-c', config, ...args])
  const daemon = (program: string, ...args: string[]): Running => {
    // There is nothing to save, and an OSD takes five seconds to find that out.
    const started = start({ name: program, program, args: ['-f', '-c', config, ...args], log: log(program), grace: 0 })
    running.push(started)
    return started
  }
  const log = (program: string): string => join(folder.path, `${program}.out`)

  const region = 'us-east-1'
  const endpoint = `http://127.0.0.1:${port}`
  const credentials = { accessKeyId: 'owner', secretAccessKey: 'secret-of-the-owner' }
  const guest = { accessKeyId: 'guest', secretAccessKey: 'secret-of-the-guest' }
  try {
    await Promise.all(['mon', 'osd', 'rgw'].map((name) => mkdir(join(folder.path, name))))
    await writeFile(config, configuration({ folder: folder.path, fsid, monitor, port }))
    await makeKeys(join(folder.path, 'keyring'))
    const map = join(folder.path, 'monmap')
    await command('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', monitor, map])
    await ceph('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map, '--keyring', join(folder.path, 'keyring'))
    const mon = daemon('ceph-mon', '-i', 'a')
    await mon.until('it had a quorum', () => ceph('ceph', 'quorum_status'))

    const osd = randomUUID()
    await ceph('ceph', 'osd', 'new', osd)
    await ceph('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osd)
    await ceph('ceph', 'osd', 'crush', 'add', 'osd.0', '1.0', 'root=default')
    daemon('ceph-osd', '-i', '0')

    const rgw = daemon('radosgw', '-n', 'client.rgw')
    await rgw.until('it answered', async () => (await answerOf(endpoint)).ok || undefined)
    for (const { accessKeyId, secretAccessKey } of [credentials, guest]) {
      const user = ['--uid', accessKeyId, '--display-name', accessKeyId, '--access-key', accessKeyId]
      await ceph('radosgw-admin', 'user', 'create', ...user, '--secret-key', secretAccessKey)
    }
  } catch (error) {
    await stop()
    throw error
  }
  return { endpoint, region, credentials, guest, stop }
}

async function makeKeys(keyring: string): Promise<void> {
  await command('ceph-authtool', ['--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *'])
  for (const name of ['client.admin', 'client.rgw', 'osd.0']) {
    const rights = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *']
    await command('ceph-authtool', [keyring, '--gen-key', '-n', name, ...rights])
  }
}

interface Place {
  readonly folder: string
  readonly fsid: string
  readonly monitor: string
  readonly port: number
}

/** One copy of everything, one placement group a pool; the monitor does not wait for more changes before it decides. */
function configuration({ folder, fsid, monitor, port }: Place): string {
  return `[global]
fsid = ${fsid}
mon host = ${monitor}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = ${folder}/keyring
run dir = ${folder}
admin socket =
pid file =
crash dir = ${folder}
log to file = false
log to stderr = false
err to stderr = true
paxos propose interval = 0.01
paxos min wait = 0.01
mon initial members = a
mon allow pool size one = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd class update on start = false
osd crush update on start = false
[mon]
mon data = ${folder}/mon
[osd]
osd data = ${folder}/osd
osd objectstore = memstore
memstore device bytes = ${MEMORY}
[client]
rgw data = ${folder}/rgw
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw run sync thread = false
`
}
