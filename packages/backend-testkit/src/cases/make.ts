import type { Backend } from '@stowage/core/spi'
import type { Capability, CaseContext, ConformanceCase } from '../case.ts'
import { ConformanceFailure } from '../check.ts'

export function one<B extends Backend = Backend>(
  name: string,
  needs: readonly Capability[],
  run: (context: CaseContext<B>) => Promise<void>,
): ConformanceCase<B> {
  return { name, needs, run }
}

type OptionalMethod =
  | 'outboard'
  | 'directory'
  | 'putDirectory'
  | 'put'
  | 'delete'
  | 'list'
  | 'pin'
  | 'unpin'
  | 'providers'

/** The backend, with the methods that the case's `needs` say it has. */
export function able<B extends Backend, K extends OptionalMethod>(
  backend: B,
  ...methods: readonly K[]
): B & Required<Pick<Backend, K>> {
  for (const method of methods) {
    if (backend[method] === undefined)
      throw new ConformanceFailure(`the case uses ${method} without naming it in its needs`)
  }
  return backend as B & Required<Pick<Backend, K>>
}
