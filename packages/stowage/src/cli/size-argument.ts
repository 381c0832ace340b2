import { InvalidArgumentError } from 'commander'
import { parseSize } from '../config/size.ts'

/** A number of bytes on the command line: `1000`, `64KiB`, `10GB`. */
export function sizeArgument(text: string): number {
  const bytes = parseSize(text)
  if (bytes === undefined) throw new InvalidArgumentError('Expected bytes, or a size such as 64KiB or 10GB.')
  return bytes
}
