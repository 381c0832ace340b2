import type { DirectoryLink, DirectoryNodes } from './directory-links.ts'

export function findEntry(_directory: DirectoryNodes, _name: string): DirectoryLink | undefined {
  throw new Error('not yet')
}
