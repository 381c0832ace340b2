import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { cidKey, parseCid, type BlobRecord, type NearStore } from '@stowage/core/spi'
import { local } from '../../src/index.ts'
import { bytesOf } from '../content.ts'
import { litter } from '../litter.ts'
import type { Expectation } from './expectation.ts'
import { apply, copyOf, emptyModel, isProtected, touches } from './model.ts'
import { bytesOfThing } from './things.ts'

export interface CheckOptions {
  /** Byte budgets were in use: what was not protected may be gone. */
  readonly evicting: boolean
  /** The catalog was lost before all this. */
  readonly rebuilt?: boolean | undefined
}

export interface Checked {
  /** Broken promises; none: all is well. */
  readonly problems: readonly string[]
  /** What is there now: the expectations again, with nothing under way. */
  readonly resolved: readonly Expectation[]
}

/** Opens the store and compares what is there with what was promised. */
export async function check(
  dir: string,
  expectations: readonly Expectation[],
  options: CheckOptions,
): Promise<Checked> {
  const problems: string[] = []
  const resolved: Expectation[] = []
  const store = local({
    dir,
    onNotice: ({ level, message }) => {
      if (level === 'warn' && options.rebuilt !== true) problems.push(`A warning: ${message}`)
    },
  })
  try {
    const records = await recordsOf(store)
    await checkFiles(dir, records, problems)
    const explained = new Set(expectations.flatMap(known))
    for (const cid of records.keys()) if (!explained.has(cid)) problems.push(`${cid} is there, and must not be.`)
    for (const expectation of expectations) {
      await compare(store, records, expectation, options, problems)
      resolved.push(resolve(records, expectation))
    }
    const going = new Set(expectations.flatMap(deleting))
    for (const record of records.values())
      if (!going.has(cidKey(record.cid))) await checkRecord(store, record, problems)
    await store.gc()
    const after = await recordsOf(store)
    if (after.size !== records.size) problems.push(`gc without a budget left ${after.size} of ${records.size} records.`)
  } catch (error) {
    problems.push(`The check ended early: ${error instanceof Error ? error.stack : String(error)}`)
  }
  await store.close()
  const left = (await litter(dir)).filter((path) => !/^partial\/[a-z2-7]+$/.test(path))
  if (left.length > 0) problems.push(`Litter: ${left.join(', ')}`)
  return { problems, resolved }
}

async function recordsOf(store: NearStore): Promise<Map<string, BlobRecord>> {
  const records = new Map<string, BlobRecord>()
  for await (const record of store.catalog.list()) records.set(cidKey(record.cid), record)
  return records
}

async function compare(
  store: NearStore,
  records: ReadonlyMap<string, BlobRecord>,
  expectation: Expectation,
  { evicting }: CheckOptions,
  problems: string[],
): Promise<void> {
  const { model, pending, failures } = expectation
  const going = new Set(deleting(expectation))
  problems.push(...failures.map((failure) => `Failed: ${failure}`))
  const after = copyOf(model)
  for (const operation of pending) apply(after, operation)
  const open = pending.map((operation) => touches(model, operation))
  const openIds = new Set(open.flatMap(({ ids }) => ids))
  const openNames = new Set(open.flatMap(({ names }) => names))
  const mayGo = (id: string): boolean =>
    openIds.has(id) || (evicting && !(isProtected(model, id) && isProtected(after, id)))

  for (const [id, thing] of model.things) {
    const record = records.get(thing.cid)
    if (record === undefined) {
      if (!mayGo(id)) problems.push(`${id} (${thing.cid}) is lost.`)
      continue
    }
    if (!openIds.has(id) && record.pinned !== model.pins.has(id))
      problems.push(`${id} (${thing.cid}) ${record.pinned ? 'is pinned' : 'lost its pin'}.`)
    if (record.kind !== (thing.directory ? 'directory' : 'blob'))
      problems.push(`${id} (${thing.cid}) is a ${record.kind}.`)
    if (thing.directory || going.has(thing.cid)) continue
    const bytes = await bytesOf((await store.read(parseCid(thing.cid))).body)
    if (Buffer.compare(bytes, bytesOfThing(thing)) !== 0) problems.push(`${id} (${thing.cid}) has other bytes.`)
  }
  for (const [name, id] of new Map([...model.names, ...after.names])) {
    const target = (await store.catalog.names.get(name))?.toString()
    const cid = (model.things.get(id) ?? after.things.get(id))?.cid
    if (openNames.has(name) || (target === undefined && mayGo(id))) {
      const allowed = [undefined, ...[model, after].map((one) => one.things.get(one.names.get(name) ?? '')?.cid)]
      if (!allowed.includes(target)) problems.push(`The name ${name} points at ${target}.`)
    } else if (target !== cid) problems.push(`The name ${name} points at ${target} instead of ${cid}.`)
  }
}

/** CIDs of all that may be there. */
function known({ model, pending, lost }: Expectation): string[] {
  const begun = pending.flatMap((operation) =>
    'thing' in operation && operation.kind !== 'half' ? [operation.thing] : [],
  )
  return [...lost, ...[...model.things.values(), ...begun].map(({ cid }) => cid)]
}

/**
 * CIDs whose deletion was under way. Where names reach the disk in any order, the outboard may be gone and the rest be there:
 * reads say `integrity`.
 */
function deleting({ model, pending }: Expectation): string[] {
  return pending
    .filter(({ kind }) => kind === 'delete')
    .flatMap((operation) => touches(model, operation).ids.map((id) => model.things.get(id)?.cid ?? id))
}

/** What became of an expectation. */
function resolve(records: ReadonlyMap<string, BlobRecord>, { model, pending, lost }: Expectation): Expectation {
  const after = copyOf(model)
  for (const operation of pending) apply(after, operation)
  const now = emptyModel()
  for (const [id, thing] of [...model.things, ...after.things]) {
    const record = records.get(thing.cid)
    if (record === undefined) continue
    now.things.set(id, thing)
    if (record.pinned) now.pins.add(id)
    for (const name of record.names) now.names.set(name, id)
  }
  return { model: now, pending: [], lost, failures: [], took: [] }
}

async function checkRecord(store: NearStore, { cid, names }: BlobRecord, problems: string[]): Promise<void> {
  for (const problem of await store.verify(cid)) problems.push(`${cid}: ${problem}`)
  for (const name of names)
    if ((await store.catalog.names.get(name)) === undefined) problems.push(`The name ${name} is listed, and gone.`)
}

/** Nothing temporary is there, and every file belongs to a record. */
async function checkFiles(dir: string, records: ReadonlyMap<string, BlobRecord>, problems: string[]): Promise<void> {
  for (const name of await readdir(join(dir, 'tmp'))) problems.push(`The temporary file ${name} stayed behind.`)
  for (const entry of await readdir(join(dir, 'blobs'), { recursive: true, withFileTypes: true }))
    if (entry.isFile() && !records.has(entry.name.replace(/\..*$/, '')))
      problems.push(`The file ${entry.name} has no record.`)
}
