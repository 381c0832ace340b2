import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNode, type StorageNode } from './node.ts'

const folder = await mkdtemp(join(tmpdir(), 'stowage-two-nodes-'))
const WEIGHTS = 50_000_000

async function makeModel(): Promise<string> {
  const model = join(folder, 'model')
  await mkdir(model)
  await writeFile(join(model, 'config.json'), '{ "hidden_size": 64 }')
  await writeFile(join(model, 'weights.bin'), randomBytes(WEIGHTS))
  return model
}

/** Bytes on the disk; a file with several names counts once. */
async function diskUse(dir: string): Promise<number> {
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  // What is there for a moment only does not count.
  const stats = await Promise.allSettled(files.map(({ parentPath, name }) => stat(join(parentPath, name))))
  const there = stats.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const sizes = new Map(there.map(({ ino, blocks }) => [ino, 512 * blocks]))
  return sizes.values().reduce((sum, size) => sum + size, 0)
}

const opened: StorageNode[] = []

function open(name: string, peers?: readonly string[]): StorageNode {
  const node = openNode(join(folder, name), peers)
  opened.push(node)
  return node
}

/** Says what was compared; what differs fails the program. */
function check(what: string, holds: boolean): void {
  console.log(`  ${holds ? 'ok  ' : 'FAIL'}  ${what}`)
  if (!holds) process.exitCode = 1
}

try {
  const model = await makeModel()
  const original = await readFile(join(model, 'weights.bin'))

  console.log('1. Put a model on the first node')
  const first = open('first')
  // #region serve
  const { cid } = await first.storage.putDirectory(model, { name: 'model' })
  const addresses = await first.node.addresses()
  console.log(`  ${cid} can be had at ${addresses[0]}`)
  // #endregion

  console.log('2. Get it on a second one, which knows the CID and that address')
  const second = open('second', addresses)
  // #region fetch
  const copy = await second.storage.get(cid).path()
  console.log(`  its files lie in ${copy}`)
  // #endregion
  check('the weights are the same', original.equals(await readFile(join(copy, 'weights.bin'))))
  const [config, originalConfig] = await Promise.all([copy, model].map((dir) => readFile(join(dir, 'config.json'))))
  check('and so is the configuration', config?.equals(originalConfig ?? new Uint8Array()) === true)
  check('neither node keeps them twice', (await diskUse(join(folder, 'first'))) < 1.1 * WEIGHTS)

  console.log('3. Stop the first one, and get it on a third from the second')
  await first.storage.close()
  const third = open('third', await second.node.addresses())
  check('the weights are the same', original.equals(await third.storage.get(`${cid}/weights.bin`).bytes()))
  check('the second one keeps them once, too', (await diskUse(join(folder, 'second'))) < 1.1 * WEIGHTS)
} finally {
  for (const { storage } of opened) await storage.close()
  await rm(folder, { recursive: true, force: true })
}
