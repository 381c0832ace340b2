import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Finding } from './findings.ts'

/** SQLite's own quick check of the near store's catalog, without changing it. */
export async function checkCatalog(dir: string): Promise<Finding> {
  const check = 'catalog'
  const file = join(dir, 'catalog.sqlite')
  const there = await access(file).then(
    () => true,
    () => false,
  )
  if (!there) return { check, state: 'ok', text: 'none yet' }
  try {
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(file, { readOnly: true })
    try {
      const problems = database
        .prepare('PRAGMA quick_check(1)')
        .all()
        .map((row) => String(Object.values(row)[0]))
      if (problems.length === 1 && problems[0] === 'ok') return { check, state: 'ok', text: 'sound' }
      return { check, state: 'fail', text: problems.join(' ') }
    } finally {
      database.close()
    }
  } catch (error) {
    return { check, state: 'fail', text: error instanceof Error ? error.message : String(error) }
  }
}
