import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStorage } from 'stowage'
import { tierOf } from './tier.ts'

const folder = await mkdtemp(join(tmpdir(), 'stowage-s3-tier-'))

async function sampleFile(): Promise<string> {
  const file = join(folder, 'weights.bin')
  await writeFile(file, randomBytes(20_000_000))
  return file
}

/** Says what was compared; what differs fails the program. */
function check(what: string, holds: boolean): void {
  console.log(`  ${holds ? 'ok  ' : 'FAIL'}  ${what}`)
  if (!holds) process.exitCode = 1
}

try {
  const file = process.argv[2] ?? (await sampleFile())
  const original = await readFile(file)

  console.log('1. Put it on the first machine, and wait until it is in the bucket')
  // #region put
  const first = await createStorage({
    dir: join(folder, 'first-machine'),
    tiers: [tierOf(process.env)],
    distributed: true,
  })

  const { cid, tiers } = await first.putFile(file, { name: 'weights', replicate: 'wait' })
  console.log(`  ${cid} is ${tiers['s3']?.status} in the bucket`)
  // #endregion
  if (tiers['s3']?.error !== undefined) throw tiers['s3'].error
  check('the bucket has it', tiers['s3']?.status === 'stored')

  console.log('2. Read it on another machine, which knows its CID')
  // #region get
  const second = await createStorage({
    dir: join(folder, 'second-machine'),
    tiers: [tierOf(process.env)],
    distributed: true,
  })

  const path = await second.get(cid).path()
  // #endregion
  check(`the same bytes lie in ${path}`, original.equals(await readFile(path)))
  check('and on that machine itself', await second.has(cid, { near: true }))

  console.log('3. Lose it on the first machine, and read it again')
  await first.delete(cid)
  check('it is gone', !(await first.has(cid, { near: true })))
  check('it comes back from the bucket', original.equals(await first.get(cid).bytes()))

  console.log('4. Give it to a program that knows nothing of Stowage')
  const tier = tierOf(process.env)
  // #region url
  const url = await tier.url(cid, { expiresIn: 60 })
  const response = await fetch(url)
  // #endregion
  check('a plain GET gives the same bytes', original.equals(await response.bytes()))

  await tier.delete(cid)
  check('the bucket is as it was', (await tier.stat(cid)) === undefined)
  for (const each of [first, second, tier]) await each.close()
} finally {
  await rm(folder, { recursive: true, force: true })
}
