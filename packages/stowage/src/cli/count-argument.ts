import { InvalidArgumentError } from 'commander'

/** A whole number of at least 1 on the command line. */
export function countArgument(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('Expected a whole number of at least 1.')
  return number
}
