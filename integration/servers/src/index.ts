export { cacheFolder, unavailable, type ServerName } from './catalog.ts'
export { startKubo, type Kubo, type KuboOptions } from './kubo.ts'
export { createBucket, signed, type S3Credentials, type S3Server } from './s3.ts'
export { startVersitygw, type Versitygw } from './versitygw.ts'
