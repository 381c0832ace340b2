import { startCluster, type Cluster } from '../cluster.ts'
import { startKubo, type Kubo } from '../kubo.ts'
import { startRgw } from '../rgw.ts'
import type { S3Server } from '../s3.ts'
import { startVersitygw, type Versitygw } from '../versitygw.ts'

/** What each kind of server gives when it runs. */
export interface Servers {
  readonly versitygw: Versitygw
  readonly rgw: S3Server
  readonly kubo: Kubo
  readonly cluster: Cluster
}

export const starters: { readonly [N in keyof Servers]: () => Promise<Servers[N]> } = {
  versitygw: startVersitygw,
  rgw: startRgw,
  kubo: () => startKubo({ swarm: true }),
  cluster: startCluster,
}
