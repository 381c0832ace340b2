export type { S3Backend, S3Options, UrlOptions } from './options.ts'
export { s3 } from './s3.ts'
