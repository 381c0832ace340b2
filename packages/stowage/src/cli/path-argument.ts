import { InvalidArgumentError } from 'commander'

/** A path on the command line. An empty one, such as a variable that is not set leaves, would mean the working folder. */
export function pathArgument(text: string): string {
  if (text === '') throw new InvalidArgumentError('Expected a path.')
  return text
}
