import { s3, type S3Options } from '../src/index.ts'
import { sample } from './sample.ts'

const [options = '', size = '', seed = ''] = process.argv.slice(2)
const backend = s3(JSON.parse(options) as S3Options)
await backend.put(await sample(Number(size), seed))
await backend.close()
