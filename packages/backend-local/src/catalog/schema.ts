import { StorageError } from '@stowage/core/spi'
import type { DatabaseSync } from 'node:sqlite'
import { damage } from './sound.ts'

/** Step n brings a catalog from version n to n + 1. Released steps never change. */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE blobs (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,          -- CIDv1, base32
    version INTEGER NOT NULL,          -- of the CID as it was given
    directory INTEGER NOT NULL,
    size INTEGER NOT NULL,
    outboard INTEGER NOT NULL,         -- bytes of the outboard file, 0: none
    standing INTEGER NOT NULL,         -- 0: came only as a member of directories
    created_at INTEGER NOT NULL,       -- milliseconds
    used_at INTEGER NOT NULL,
    trust TEXT                         -- fingerprint of files last known good
  );
  CREATE INDEX blobs_by_use ON blobs (used_at);

  CREATE TABLE links (                 -- by key: they outlive a child that was lost
    parent INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    child TEXT NOT NULL,
    PRIMARY KEY (parent, child)
  );
  CREATE INDEX links_by_child ON links (child);

  CREATE TABLE names (
    name TEXT NOT NULL UNIQUE,
    blob INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE
  );
  CREATE INDEX names_by_blob ON names (blob);

  CREATE TABLE name_history (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    cid TEXT,                          -- NULL: the name was removed
    at INTEGER NOT NULL
  );
  CREATE INDEX name_history_by_name ON name_history (name, id);

  CREATE TABLE aliases (
    alias TEXT NOT NULL UNIQUE,
    blob INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE
  );
  CREATE INDEX aliases_by_blob ON aliases (blob);

  CREATE TABLE pins (
    blob INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
    label TEXT,
    created_at INTEGER NOT NULL
  );

  CREATE TABLE leases (
    id INTEGER PRIMARY KEY,
    blob INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    owner TEXT NOT NULL
  );
  CREATE INDEX leases_by_blob ON leases (blob);
  CREATE INDEX leases_by_owner ON leases (owner);
  `,
  `
  ALTER TABLE blobs ADD COLUMN uses INTEGER NOT NULL DEFAULT 1;     -- puts and times of use
  ALTER TABLE blobs ADD COLUMN value REAL NOT NULL DEFAULT 0;       -- the least goes first
  ALTER TABLE blobs ADD COLUMN arrival INTEGER NOT NULL DEFAULT 0;  -- bytes that had come in by then, its own included
  DROP INDEX blobs_by_use;
  CREATE INDEX blobs_by_value ON blobs (value, used_at);
  CREATE INDEX blobs_by_size ON blobs (size);
  CREATE INDEX members_by_use ON blobs (used_at) WHERE standing = 0;

  CREATE TABLE totals (                -- one row
    blobs INTEGER NOT NULL,
    directories INTEGER NOT NULL,
    bytes INTEGER NOT NULL,            -- of the blobs
    taken INTEGER NOT NULL,            -- bytes of all that ever came in
    floor REAL NOT NULL                -- value of the dearest that was evicted
  );
  INSERT INTO totals SELECT
    coalesce(sum(directory = 0), 0), coalesce(sum(directory = 1), 0), coalesce(sum(size) FILTER (WHERE directory = 0), 0),
    coalesce(sum(size) FILTER (WHERE directory = 0), 0), 0 FROM blobs;
  CREATE TRIGGER blobs_come AFTER INSERT ON blobs BEGIN
    UPDATE totals SET
      blobs = blobs + (new.directory = 0), directories = directories + (new.directory = 1),
      bytes = bytes + (new.directory = 0) * new.size, taken = taken + (new.directory = 0) * new.size;
  END;
  CREATE TRIGGER blobs_go AFTER DELETE ON blobs BEGIN
    UPDATE totals SET
      blobs = blobs - (old.directory = 0), directories = directories - (old.directory = 1),
      bytes = bytes - (old.directory = 0) * old.size;
  END;
  CREATE TRIGGER blobs_change AFTER UPDATE OF size ON blobs WHEN new.directory = 0 AND new.size <> old.size BEGIN
    UPDATE totals SET bytes = bytes + new.size - old.size;
  END;

  CREATE TABLE ghosts (                -- evicted blobs
    id INTEGER PRIMARY KEY,
    print INTEGER NOT NULL UNIQUE,     -- of the key
    uses INTEGER NOT NULL
  );
  `,
  `
  ALTER TABLE blobs ADD COLUMN packed INTEGER NOT NULL DEFAULT 0; -- 1: its bytes lie in a pack

  CREATE TABLE packs (                 -- what is gone of packs; a pack without a row has lost nothing
    name TEXT PRIMARY KEY,
    records INTEGER NOT NULL,
    bytes INTEGER NOT NULL             -- of the blobs
  );

  DROP TRIGGER blobs_come;
  DROP TRIGGER blobs_go;
  DROP TRIGGER blobs_change;
  CREATE TRIGGER blobs_come AFTER INSERT ON blobs WHEN new.packed = 0 BEGIN
    UPDATE totals SET
      blobs = blobs + (new.directory = 0), directories = directories + (new.directory = 1),
      bytes = bytes + (new.directory = 0) * new.size, taken = taken + (new.directory = 0) * new.size;
  END;
  CREATE TRIGGER blobs_go AFTER DELETE ON blobs WHEN old.packed = 0 BEGIN
    UPDATE totals SET
      blobs = blobs - (old.directory = 0), directories = directories - (old.directory = 1),
      bytes = bytes - (old.directory = 0) * old.size;
  END;
  CREATE TRIGGER blobs_change AFTER UPDATE OF size, packed ON blobs WHEN new.directory = 0 BEGIN
    UPDATE totals SET
      blobs = blobs + (new.packed = 0) - (old.packed = 0),
      bytes = bytes + (new.packed = 0) * new.size - (old.packed = 0) * old.size;
  END;
  `,
  `
  ALTER TABLE blobs ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0; -- 1: all of its blocks are in \`blocks\`
  CREATE INDEX blobs_unindexed ON blobs (id) WHERE indexed = 0 AND (directory = 1 OR outboard > 0);

  CREATE TABLE block_sets (            -- the blocks of one blob; NULL: it is gone, and they are to go
    id INTEGER PRIMARY KEY,
    blob INTEGER UNIQUE REFERENCES blobs (id) ON DELETE SET NULL
  );
  CREATE TABLE blocks (                -- by set, so that they can go in slices
    block_set INTEGER NOT NULL,
    place INTEGER NOT NULL,            -- the leaf; of node n, -1 - n
    print INTEGER NOT NULL,            -- of the digest
    PRIMARY KEY (block_set, place)
  ) WITHOUT ROWID;
  CREATE INDEX blocks_by_print ON blocks (print);
  `,
  `
  CREATE TABLE copies (                -- in far tiers
    blob INTEGER NOT NULL REFERENCES blobs (id) ON DELETE CASCADE,
    tier TEXT NOT NULL,
    state TEXT NOT NULL,               -- queued, failed, stored
    since INTEGER NOT NULL,            -- milliseconds: in this state
    attempts INTEGER NOT NULL,
    due INTEGER NOT NULL,              -- milliseconds: not to be tried before
    error TEXT,                        -- JSON: code and message of the last failure
    owner TEXT,                        -- who makes it now
    bytes INTEGER NOT NULL,            -- of the blob; of a directory none
    PRIMARY KEY (blob, tier)
  ) WITHOUT ROWID;
  CREATE INDEX copies_queued ON copies (tier, due) WHERE state = 'queued';
  CREATE INDEX copies_by_tier ON copies (tier, state, blob);
  CREATE INDEX copies_by_age ON copies (tier, state, since);
  CREATE INDEX copies_by_owner ON copies (owner) WHERE owner IS NOT NULL;

  CREATE TABLE copy_totals (
    tier TEXT NOT NULL,
    state TEXT NOT NULL,
    copies INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (tier, state)
  ) WITHOUT ROWID;
  CREATE TRIGGER copies_come AFTER INSERT ON copies BEGIN
    INSERT INTO copy_totals VALUES (new.tier, new.state, 1, new.bytes)
      ON CONFLICT DO UPDATE SET copies = copies + 1, bytes = bytes + excluded.bytes;
  END;
  CREATE TRIGGER copies_go AFTER DELETE ON copies BEGIN
    UPDATE copy_totals SET copies = copies - 1, bytes = bytes - old.bytes WHERE tier = old.tier AND state = old.state;
  END;
  CREATE TRIGGER copies_change AFTER UPDATE OF state ON copies WHEN new.state <> old.state BEGIN
    UPDATE copy_totals SET copies = copies - 1, bytes = bytes - old.bytes WHERE tier = old.tier AND state = old.state;
    INSERT INTO copy_totals VALUES (new.tier, new.state, 1, new.bytes)
      ON CONFLICT DO UPDATE SET copies = copies + 1, bytes = bytes + excluded.bytes;
  END;
  `,
  `
  CREATE TABLE kept (                  -- names and aliases of evicted content that far tiers have
    kind TEXT NOT NULL,                -- name, alias, copy
    text TEXT NOT NULL,                -- of a copy, key and tier
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (kind, text)
  ) WITHOUT ROWID;
  CREATE INDEX kept_by_key ON kept (key);
  `,
]

export const SCHEMA_VERSION: number = MIGRATIONS.length

/** Brings a catalog to this version's schema. Answers true when it was empty. A newer one: `unsupported`. */
export function migrate(database: DatabaseSync): boolean {
  if (versionOf(database) === SCHEMA_VERSION) return false
  database.exec('BEGIN IMMEDIATE')
  try {
    const version = versionOf(database)
    if (version > SCHEMA_VERSION) {
      throw new StorageError(
        'unsupported',
        `The catalog has schema version ${version}; this version of Stowage knows up to ${SCHEMA_VERSION}. Update Stowage, or use another folder.`,
      )
    }
    if (version === 0 && database.prepare('SELECT 1 FROM sqlite_schema').get() !== undefined)
      throw damage('it has tables, and no version.')
    for (const step of MIGRATIONS.slice(version)) database.exec(step)
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
    return version === 0
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
}
