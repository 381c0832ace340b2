import type { PutResult } from '@stowage/core'
import { InvalidArgumentError } from 'commander'
import { printable } from './format.ts'

/** `--to`, which may be given again. */
export function tierArgument(name: string, before: readonly string[] = []): readonly string[] {
  if (name === '') throw new InvalidArgumentError('Expected the name of a tier.')
  return [...before, name]
}

/** A line below a result for each tier that a copy was to go to. */
export function tierLines(tiers: PutResult['tiers']): string {
  return Object.entries(tiers)
    .map(([name, { status, error }]) => {
      const why = error === undefined ? '' : `: ${error.message} (${error.code})`
      return `\n  ${printable(name)}: ${status}${printable(why)}`
    })
    .join('')
}
