import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { local } from '@stowage/backend-local'
import type { NearStore } from '@stowage/core/spi'
import { onTestFinished } from 'vitest'
import { helia, type HeliaBackend, type HeliaOptions } from '../src/index.ts'

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stowage-helia-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A node with a near store in a folder of its own. */
export async function served(
  options: HeliaOptions = {},
): Promise<{ near: NearStore; node: HeliaBackend; dir: string }> {
  const dir = await newFolder()
  const near = local({ dir })
  onTestFinished(() => near.close())
  return { near, dir, node: opened({ near, dir, ...options }) }
}

export function opened(options: HeliaOptions): HeliaBackend {
  const node = helia(options)
  onTestFinished(() => node.close())
  return node
}

/** Lets `one` call `other`. */
export async function connect(one: HeliaBackend, other: HeliaBackend): Promise<void> {
  const [address] = await other.addresses()
  await one.dial(address as string)
}
