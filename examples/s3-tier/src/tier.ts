import { s3, type S3Backend } from '@stowage/backend-s3'

/** The bucket that the environment names. Credentials and the region are found as by every AWS tool. */
export function tierOf(env: NodeJS.ProcessEnv): S3Backend {
  // #region tier
  const tier = s3({
    bucket: env['S3_BUCKET'] ?? '',
    prefix: env['S3_PREFIX'] ?? 'stowage-example/',
    endpoint: env['S3_ENDPOINT'],
  })
  // #endregion
  return tier
}
