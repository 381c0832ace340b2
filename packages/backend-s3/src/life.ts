import { setMaxListeners } from 'node:events'
import { StorageError, raceAbort, throwIfAborted, type CallOptions, type StorageErrorInit } from '@stowage/core/spi'
import type { LazyClient, Opened } from './client.ts'
import { translate } from './errors.ts'
import type { Settings } from './options.ts'

/** One call of a method. */
export interface Session {
  readonly settings: Settings
  /** Aborts with the caller's signal, and with `closed` when the backend closes. */
  readonly signal: AbortSignal
  /** Sends one request. `needs`: the permission it takes. */
  send<T>(
    asked: { readonly needs: string; readonly key?: string | undefined },
    request: (s3: Opened & { readonly Bucket: string }, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T>
  /** What went wrong in reading an answer, as our error. */
  failure(error: unknown, key: string, needs?: string): unknown
}

export interface Life {
  run<T>(about: StorageErrorInit, options: CallOptions | undefined, call: (session: Session) => Promise<T>): Promise<T>
  /** For what goes on when the method has returned: its steps end with the signal. */
  begin(about: StorageErrorInit, options: CallOptions | undefined): Session
  /** Refuses new calls, ends those under way and waits for them. */
  close(): Promise<void>
}

export function createLife(settings: Settings, s3: LazyClient): Life {
  const closing = new AbortController()
  setMaxListeners(0, closing.signal)
  const running = new Set<Promise<unknown>>()

  function begin(about: StorageErrorInit, options: CallOptions | undefined): Session {
    throwIfAborted(closing.signal)
    throwIfAborted(options?.signal)
    const signal = options?.signal === undefined ? closing.signal : AbortSignal.any([options.signal, closing.signal])
    setMaxListeners(0, signal)
    const { bucket, name } = settings
    const translated = (error: unknown, action: string, key?: string): unknown =>
      signal.aborted ? signal.reason : translate(error, { backend: name, bucket, action, key, ...about })
    return {
      settings,
      signal,
      send: async ({ needs, key }, request) => {
        throwIfAborted(signal)
        try {
          const opened = await raceAbort(s3.open(), signal)
          return await raceAbort(request({ ...opened, Bucket: bucket }, { abortSignal: signal }), signal)
        } catch (error) {
          throw translated(error, needs, key)
        }
      },
      failure: (error, key, needs = 's3:GetObject') => translated(error, needs, key),
    }
  }

  return {
    begin,
    run: async (about, options, call) => {
      const session = begin(about, options)
      const work = call(session)
      running.add(work)
      try {
        return await work
      } finally {
        running.delete(work)
      }
    },
    close: async () => {
      closing.abort(new StorageError('closed', `${settings.name} was closed.`, { backend: settings.name }))
      await Promise.allSettled(running)
      await s3.close()
    },
  }
}
