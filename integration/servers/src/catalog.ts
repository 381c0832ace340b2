import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

export type ServerName = 'versitygw' | 'kubo' | 'cluster' | 'rgw'

/** A server that is built from a Go module into the cache. */
export interface BuiltServer {
  readonly version: string
  /** The folder below `go/` with the module that pins it. */
  readonly module: string
  /** What `go build` builds. */
  readonly package: string
  readonly program: string
}

export const built: Readonly<Record<Exclude<ServerName, 'rgw'>, BuiltServer>> = {
  versitygw: {
    version: '1.7.0',
    module: 'github.com/versity/versitygw',
    package: 'github.com/versity/versitygw/cmd/versitygw',
    program: 'versitygw',
  },
  kubo: {
    version: '0.43.1',
    module: 'github.com/ipfs/kubo',
    package: 'github.com/ipfs/kubo/cmd/ipfs',
    program: 'ipfs',
  },
  cluster: {
    version: '1.1.6',
    module: 'github.com/ipfs-cluster/ipfs-cluster',
    package: 'github.com/ipfs-cluster/ipfs-cluster/cmd/ipfs-cluster-service',
    program: 'ipfs-cluster-service',
  },
}

/** Ceph RGW comes from the distribution. */
export const rgwPackages: readonly string[] = ['ceph-mon', 'ceph-osd', 'radosgw']
const rgwPrograms = ['ceph', 'ceph-authtool', 'ceph-mon', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin']

/** Where built servers lie: `STOWAGE_SERVERS`, or a folder in the user's cache. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return env['STOWAGE_SERVERS'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'stowage-servers')
}

/** The program of a built server, whether it is there or not. */
export function programOf(name: keyof typeof built): string {
  const { version, program } = built[name]
  return join(cacheFolder(), `${name}-${version}`, program)
}

/** Why a server cannot be started here; `undefined` when it can. */
export function unavailable(name: ServerName): string | undefined {
  if (name !== 'rgw') {
    return isProgram(programOf(name)) ? undefined : `needs ${name} ${built[name].version}: pnpm servers`
  }
  const missing = rgwPrograms.filter((program) => !isInPath(program))
  return missing.length === 0 ? undefined : `needs Ceph RGW (${missing.join(', ')}): pnpm servers, as root`
}

function isInPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => isProgram(join(folder, program)))
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
