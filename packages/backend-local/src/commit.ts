import { StorageError, assertName, type CommitOptions } from '@stowage/core/spi'
import { setAlias } from './catalog/aliases.ts'
import { queueCopy } from './catalog/copies.ts'
import { assertCurrent, setName } from './catalog/names.ts'
import { setPin } from './catalog/pins.ts'
import type { BlobRow } from './catalog/records.ts'
import { cidOf, makeStanding } from './catalog/records.ts'
import type { Session } from './session.ts'

/** Refuses early what the commit would refuse: a name that is none, or that has moved. */
export function assertCommit({ database }: Session, { name }: CommitOptions): void {
  if (name === undefined) return
  assertName(name.name)
  assertCurrent(database, name)
}

/** What a commit says about a blob beside its bytes. Inside the change that makes it visible. */
export function attach(
  { database }: Session,
  row: BlobRow,
  { name, pin, member, copies = [] }: CommitOptions,
  alias: string | undefined,
): void {
  if (member !== true) makeStanding(database, row.id)
  if (name !== undefined) setName(database, name, row.id, cidOf(row))
  if (pin === true) setPin(database, row.id, undefined)
  else if (pin) setPin(database, row.id, pin.name)
  if (alias !== undefined) setAlias(database, alias, row.id)
  for (const tier of copies) queueCopy(database, row, tier)
}

export function notHere(cid: { toString(): string }): StorageError {
  return new StorageError('not-found', `${cid} is not stored here.`)
}
