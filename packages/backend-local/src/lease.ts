import type { CID, Lease } from '@stowage/core/spi'
import { addLease, removeLease } from './catalog/leases.ts'
import { cidOf } from './catalog/records.ts'
import { notHere } from './commit.ts'
import { requireRow } from './packed.ts'
import type { Session } from './session.ts'

export async function lease(session: Session, cid: CID): Promise<Lease> {
  const { database, writer, owner, life } = session
  const id = await writer.write(() => {
    const row = requireRow(session, cid)
    if (row === undefined) throw notHere(cid)
    return { lease: addLease(database, row.id, owner.id), cid: cidOf(row) }
  }, life.closing)
  let released: Promise<void> | undefined
  const remove = async (): Promise<void> => {
    done()
    await writer.write(() => removeLease(database, id.lease))
  }
  const release = (): Promise<void> => (released ??= remove())
  const done = life.hold(release)
  return { cid: id.cid, release, [Symbol.asyncDispose]: release }
}
