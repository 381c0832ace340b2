import { StorageError } from '../errors/storage-error.ts'
import type { Scratch } from '../spi/near-store.ts'
import type { Session } from './session.ts'

export function scratch(session: Session): Scratch {
  let bytes = new Uint8Array(0)
  let length = 0
  let open = true
  const begin = () => {
    session.begin()
    if (!open) throw new StorageError('closed', 'the scratch file is closed')
  }
  return {
    async append(more) {
      begin()
      if (length + more.length > bytes.length) {
        const grown = new Uint8Array(Math.max(2 * bytes.length, length + more.length))
        grown.set(bytes.subarray(0, length))
        bytes = grown
      }
      const position = length
      bytes.set(more, position)
      length += more.length
      return position
    },
    async read(position, wanted) {
      begin()
      if (position < 0 || wanted < 0 || position + wanted > length) {
        throw new StorageError('range', `bytes ${position} to ${position + wanted} are not among the ${length} written`)
      }
      return bytes.slice(position, position + wanted)
    },
    async close() {
      open = false
      bytes = new Uint8Array(0)
    },
  }
}
