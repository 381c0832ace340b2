import { throwIfAborted, type BlobStat } from '@stowage/core/spi'
import { KEY_START, parseKey } from './address.ts'
import { readDirectory } from './directory.ts'
import type { Session } from './life.ts'

/** All blobs and directories below the prefix. The size of a directory takes a look into it. */
export async function* list(session: Session): AsyncGenerator<BlobStat> {
  const { prefix } = session.settings
  let after: string | undefined
  do {
    const token: string | undefined = after
    const page = await session.send({ needs: 's3:ListBucket' }, ({ sdk, client, Bucket }, options) =>
      client.send(
        new sdk.ListObjectsV2Command({
          Bucket,
          Prefix: prefix + KEY_START,
          // Keys of others may hold what XML cannot carry.
          EncodingType: 'url',
          ...(token !== undefined && { ContinuationToken: token }),
        }),
        options,
      ),
    )
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      throwIfAborted(session.signal)
      const found = parseKey(prefix, page.EncodingType === 'url' ? decodeKey(Key) : Key)
      if (found?.kind === 'blob') yield { cid: found.cid, size: Size }
      if (found?.kind !== 'directory') continue
      const directory = await readDirectory(session, found.cid)
      if (directory !== undefined) yield { cid: found.cid, size: directory.size, isDirectory: true }
    }
    throwIfAborted(session.signal)
    after = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (after !== undefined)
}

function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '))
}
