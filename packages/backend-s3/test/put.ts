import { retry } from '@stowage/core/spi'
import { s3, type S3Options } from '../src/index.ts'
import { sample } from './sample.ts'

const [options = '', size = '', seed = ''] = process.argv.slice(2)
const backend = s3(JSON.parse(options) as S3Options)
// As core does: a server may break off when somebody else finishes the same upload.
const { put } = retry({ delays: [50] })(backend)
await put?.(await sample(Number(size), seed))
await backend.close()
