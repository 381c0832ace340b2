import { StorageError } from '../errors/storage-error.ts'

/** `invalid-config` when two tiers have one name: `to` could not tell them apart, nor could the queue of copies after a restart. */
export function assertOwnNames(tiers: readonly { readonly name: string }[]): void {
  const names = tiers.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw new StorageError('invalid-config', `Two tiers have the name ${JSON.stringify(twice)}: give each its own.`)
}
