import { registerHooks } from 'node:module'
import { rawCid } from '@stowage/core/spi'

let seen = false
registerHooks({
  resolve(specifier, context, next) {
    seen ||= specifier.startsWith('@aws-sdk/')
    return next(specifier, context)
  },
})

const { s3 } = await import('../src/index.ts')
const credentials = { accessKeyId: 'id', secretAccessKey: 'secret' }
const options = { bucket: 'models', endpoint: 'http://127.0.0.1:1', credentials }
const made = (s3(options), seen)
await s3(options).close()
const closed = seen
const backend = s3(options)
await backend.url(rawCid(new Uint8Array(32)))
await backend.close()
console.log(JSON.stringify({ made, closed, called: seen }))
