import { join } from 'node:path'
import { s3 } from '@stowage/backend-s3'
import type { Backend } from '@stowage/core'
import {
  BY_DEFAULT,
  downloadRanges,
  downloadWhole,
  LIKE_THE_CLI,
  needsAws,
  upload,
  type Cut,
  type Place,
} from '../peers/aws.ts'
import { testServers } from '../servers.ts'
import { cidIn, fillStorage, openStorage } from '../stowage.ts'
import { needing, onServer, throughput, type Bench, type Row, type Suite } from '../suite.ts'

const BLOB = 'a storage with the blob'

/** A row that has an empty bucket on a server of its own. */
function inBucket(work: (place: Place, bench: Bench) => Promise<void>): Row {
  return onServer('versitygw', async (bench) => {
    const { startVersitygw, createBucket } = await testServers()
    const server = await startVersitygw()
    try {
      await work({ ...server, bucket: await createBucket(server) }, bench)
    } finally {
      await server.stop()
    }
  })
}

function tier({ endpoint, credentials, bucket }: Place): Backend {
  return s3({ endpoint, credentials, bucket, region: 'us-east-1', forcePathStyle: true })
}

const putStowage = inBucket(async (place, { store, measure }) => {
  await using storage = await openStorage(store(BLOB), { distributed: true, tiers: [tier(place)] })
  const cid = await cidIn(store(BLOB))
  await measure(async () => storage.replicate(cid))
})

/** Downloads begin with the object that was uploaded by the client that is measured. */
const getStowage = inBucket(async (place, { store, folder, measure }) => {
  const cid = await cidIn(store(BLOB))
  const first = await openStorage(store(BLOB), { distributed: true, tiers: [tier(place)] })
  await first.replicate(cid)
  await first.close()
  await using storage = await openStorage(folder, { distributed: true, tiers: [tier(place)] })
  await storage.put('warm', { replicate: 'none' })
  await measure(async () => storage.get(cid).path())
})

function uploading(how: Cut): Row {
  return needing(
    needsAws,
    inBucket(async (place, { file, measure }) => measure(() => upload(place, file, how))),
  )
}

function downloading(get: typeof downloadWhole): Row {
  return needing(
    needsAws,
    inBucket(async (place, { file, folder, measure }) => {
      await upload(place, file, LIKE_THE_CLI)
      await measure(() => get(place, 'copy', join(folder, 'copy')))
    }),
  )
}

const UP = 'up: stowage, SHA-256 sent for every part'
const DOWN = 'down: stowage, every leaf verified'
const LIB_UP = 'up: lib-storage as it comes, 4 × 5 MiB'
const CLI_UP = 'up: lib-storage as the AWS CLI does, 10 × 8 MiB'
const WHOLE_DOWN = 'down: client-s3, one GET, unverified'
const CLI_DOWN = 'down: client-s3 as the AWS CLI does, 10 × 8 MiB, unverified'

export const s3Transfer: Suite = {
  title: 'One blob to S3 (versitygw) and back',
  figure: throughput,
  rows: {
    [UP]: putStowage,
    [LIB_UP]: uploading(BY_DEFAULT),
    [CLI_UP]: uploading(LIKE_THE_CLI),
    [DOWN]: getStowage,
    [WHOLE_DOWN]: downloading(downloadWhole),
    [CLI_DOWN]: downloading(downloadRanges),
  },
  ratios: [
    { row: UP, over: LIB_UP },
    { row: UP, over: CLI_UP },
    { row: DOWN, over: WHOLE_DOWN },
    { row: DOWN, over: CLI_DOWN },
  ],
  stores: { [BLOB]: ({ file, folder }) => fillStorage(folder, file) },
  size: 2 ** 30,
  picture: { kind: 'bars' },
}
