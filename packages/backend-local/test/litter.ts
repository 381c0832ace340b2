import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Everything that lies in folders for work in progress. */
export async function litter(dir: string): Promise<string[]> {
  const found = await Promise.all(
    ['tmp', 'partial', 'owners'].map(async (name) =>
      (await readdir(join(dir, name))).map((entry) => `${name}/${entry}`),
    ),
  )
  return found.flat()
}
