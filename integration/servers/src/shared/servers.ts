import { startKubo, type Kubo } from '../kubo.ts'
import { startVersitygw, type Versitygw } from '../versitygw.ts'

/** What each kind of server gives when it runs. */
export interface Servers {
  readonly versitygw: Versitygw
  readonly kubo: Kubo
}

export const starters: { readonly [N in keyof Servers]: () => Promise<Servers[N]> } = {
  versitygw: startVersitygw,
  kubo: () => startKubo({ swarm: true }),
}
