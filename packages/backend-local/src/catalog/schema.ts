import { StorageError } from '@stowage/core/spi'
import type { DatabaseSync } from 'node:sqlite'

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
