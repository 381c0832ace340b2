import { assertName } from '../ref/assert-name.ts'
import type { BlobRecord, Catalog } from '../spi/catalog.ts'
import { cidKey } from '../cid/key.ts'
import { copies } from './copies.ts'
import { pin, removeName, required, setName } from './commit.ts'
import { entryOf, namesOf, type MemoryContents, type Stored } from './contents.ts'
import type { Session } from './session.ts'

export function catalog(session: Session): Catalog {
  const { contents, now, begin } = session
  return {
    async get(cid) {
      begin()
      const entry = entryOf(contents, cid)
      return entry && recordOf(contents, entry)
    },
    async *list({ prefix, pinned, tier } = {}) {
      const entries = [...contents.entries.values()]
      for (const entry of entries) {
        begin()
        const record = recordOf(contents, entry)
        if (prefix !== undefined && !record.names.some((name) => name.startsWith(prefix))) continue
        if (pinned !== undefined && record.pinned !== pinned) continue
        if (tier !== undefined && !record.copies.includes(tier)) continue
        yield record
      }
    },
    touch(cid) {
      const entry = entryOf(contents, cid)
      if (entry !== undefined) entry.lastUsedAt = now()
    },
    names: {
      async get(name) {
        begin()
        return contents.names.get(name)?.[0]?.cid
      },
      async set(change, cid) {
        begin()
        assertName(change.name)
        setName(contents, change, required(contents, cid, 'name').cid, now())
      },
      async remove(name) {
        begin()
        return removeName(contents, name, now())
      },
      async *history(name) {
        begin()
        yield* contents.names.get(name) ?? []
      },
    },
    aliases: {
      async get(alias) {
        begin()
        return contents.aliases.get(alias)
      },
      async set(alias, cid) {
        begin()
        contents.aliases.set(alias, required(contents, cid, 'alias').cid)
      },
    },
    pins: {
      async set(cid, label) {
        begin()
        const entry = entryOf(contents, cid)
        if (entry !== undefined) pin(entry, label, now())
        return entry !== undefined
      },
      async remove(cid) {
        begin()
        const entry = entryOf(contents, cid)
        if (entry?.pin === undefined) return false
        entry.pin = undefined
        return true
      },
      async *list() {
        const entries = [...contents.entries.values()]
        for (const { cid, pin } of entries) {
          begin()
          if (pin !== undefined) yield { cid, name: pin.label, createdAt: pin.at }
        }
      },
    },
    copies: copies(session),
  }
}

function recordOf(contents: MemoryContents, entry: Stored): BlobRecord {
  const { cid, size, kind, createdAt, lastUsedAt } = entry
  const key = cidKey(cid)
  const aliases = [...contents.aliases].flatMap(([alias, target]) => (cidKey(target) === key ? [alias] : []))
  return {
    cid,
    size,
    kind,
    names: namesOf(contents, cid),
    pinned: entry.pin !== undefined,
    aliases,
    copies: [...entry.copies].flatMap(([tier, { state }]) => (state === 'stored' ? [tier] : [])).sort(),
    createdAt,
    lastUsedAt,
  }
}
