import { StorageError, type Backend } from '@stowage/core/spi'
import type { Capability, CaseContext, ConformanceCase, Subject } from './case.ts'
import { ConformanceFailure } from './check.ts'

export interface PlannedCase {
  readonly name: string
  /** Opens what the case needs, runs it, closes everything. */
  run(): Promise<void>
}

export interface Plan {
  readonly run: readonly PlannedCase[]
  readonly skipped: readonly { readonly name: string; readonly reason: string }[]
}

const PATIENCE = 20_000

/**
 * Chooses the cases that apply to a backend, by what it has. Opens one backend to look at it, and closes it.
 * A name in `subject.skip` that none of `cases` has: `invalid-argument`.
 */
export async function plan<B extends Backend>(
  cases: readonly ConformanceCase<B>[],
  subject: Subject<B>,
): Promise<Plan> {
  const skip = new Map(Object.entries(subject.skip ?? {}))
  const names = new Set(cases.map((each) => each.name))
  for (const name of skip.keys()) {
    if (!names.has(name)) throw new StorageError('invalid-argument', `skip names a case that does not exist: ${name}`)
  }
  const backend = await subject.open()
  const has = capabilities(backend, subject)
  await backend.close()
  const skipped = cases.flatMap(({ name, needs }) => {
    const missing = needs.filter((need) => !has.has(need))
    const reason = skip.get(name) ?? (missing.length > 0 ? `has no ${missing.join(', no ')}` : undefined)
    return reason === undefined ? [] : [{ name, reason }]
  })
  const left = new Set(skipped.map(({ name }) => name))
  const run = cases
    .filter(({ name }) => !left.has(name))
    .map((each) => ({ name: each.name, run: () => runCase(each, subject) }))
  return { run, skipped }
}

/** What a backend and the subject around it can do. */
export function capabilities<B extends Backend>(backend: B, subject: Subject<B>): ReadonlySet<Capability> {
  const found: Record<Capability, boolean> = {
    filled: backend.put !== undefined || subject.seed !== undefined,
    put: backend.put !== undefined,
    delete: backend.delete !== undefined,
    list: backend.list !== undefined,
    pin: backend.pin !== undefined,
    unpin: backend.unpin !== undefined,
    providers: backend.providers !== undefined,
    outboard: backend.outboard !== undefined,
    directory: backend.directory !== undefined,
    putDirectory: backend.putDirectory !== undefined,
    findBlock: 'findBlock' in backend && backend.findBlock !== undefined,
    ranges: backend.traits.ranges !== 'none',
    verifies: backend.traits.verifies !== 'nothing',
    reopen: subject.reopen !== undefined,
    rot: subject.rot !== undefined,
  }
  return new Set((Object.keys(found) as Capability[]).filter((capability) => found[capability]))
}

async function runCase<B extends Backend>(each: ConformanceCase<B>, subject: Subject<B>): Promise<void> {
  const opened = new Set<B>()
  const track = (backend: B) => {
    opened.add(backend)
    return backend
  }
  const context: CaseContext<B> = {
    open: async () => track(await subject.open()),
    reopen: async (backend) => {
      await backend.close()
      return track(await hook(subject.reopen, 'reopen')(backend))
    },
    fill: async (backend, blob) => {
      if (backend.put !== undefined) await backend.put(blob)
      else await hook(subject.seed, 'seed')(backend, blob)
    },
    rot: (backend, blob, offset) => hook(subject.rot, 'rot')(backend, blob, offset),
    settled: (promise) => within(promise, subject.patience ?? PATIENCE),
  }
  try {
    await each.run(context)
  } finally {
    for (const backend of opened) await backend.close()
  }
}

function hook<T>(method: T | undefined, name: string): T {
  if (method === undefined)
    throw new StorageError('invalid-argument', `the case uses ${name} without naming it in its needs`)
  return method
}

async function within<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ConformanceFailure(`nothing happened for ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
