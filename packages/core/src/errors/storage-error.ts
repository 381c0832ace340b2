import type { CID } from 'multiformats/cid'

/**
 * What went wrong, in one word. Callers branch on this and never on a message.
 * `docs/errors.md` says for each code what it means and what to do about it.
 */
export type StorageErrorCode =
  | 'not-found'
  | 'invalid-cid'
  | 'integrity'
  | 'range'
  | 'unsupported'
  | 'denied'
  | 'unauthenticated'
  | 'rate-limited'
  | 'timeout'
  | 'unavailable'
  | 'no-space'
  | 'quota'
  | 'too-large'
  | 'pinned'
  | 'conflict'
  | 'gated'
  | 'invalid-argument'
  | 'invalid-config'
  | 'closed'
  | 'unexpected'

export interface StorageErrorInit {
  /** True when the same call may succeed later. Layers retry these and nothing else. Default: false. */
  readonly transient?: boolean | undefined
  /** Name of the backend that failed. */
  readonly backend?: string | undefined
  /** The contract's method that failed, e.g. `read`. */
  readonly operation?: string | undefined
  readonly cid?: CID | undefined
  /** Where the bad or missing bytes came from: a URL or a path, without secrets. */
  readonly source?: string | undefined
  readonly cause?: unknown
}

const BRAND: unique symbol = Symbol.for('stowage.StorageError')

/**
 * The one error class of Stowage. Two copies of this package recognise each other's errors through
 * `StorageError.is`, which looks for a registered symbol; `instanceof` would not.
 *
 * An aborted call never rejects with this class: it rejects with `signal.reason` itself.
 */
export class StorageError extends Error {
  static {
    Object.defineProperty(this.prototype, BRAND, { value: true })
    Object.defineProperty(this.prototype, 'name', { value: 'StorageError', writable: true, configurable: true })
  }

  readonly code: StorageErrorCode
  readonly transient: boolean
  readonly backend: string | undefined
  readonly operation: string | undefined
  readonly cid: CID | undefined
  readonly source: string | undefined

  constructor(code: StorageErrorCode, message: string, init: StorageErrorInit = {}) {
    super(withoutSecrets(message), 'cause' in init ? { cause: init.cause } : {})
    this.code = code
    this.transient = init.transient ?? false
    this.backend = init.backend
    this.operation = init.operation
    this.cid = init.cid
    this.source = init.source === undefined ? undefined : withoutSecrets(init.source)
  }

  /** True for a `StorageError` of this or of another copy of `@stowage/core`; with `code`, only for that code. */
  static is(error: unknown, code?: StorageErrorCode): error is StorageError {
    if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
    return code === undefined || ('code' in error && error.code === code)
  }

  /** The form that `--json` and logs use. Causes are given as their code or name and message. */
  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      transient: this.transient,
      backend: this.backend,
      operation: this.operation,
      cid: this.cid?.toString(),
      source: this.source,
    }
  }
}

const SECRETS: readonly [RegExp, string][] = [
  [/(\/\/[^/\s:@]*):[^/\s@]*@/g, '$1:***@'],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, '$1 ***'],
  [/\b(hf_|sk-|ghp_)[A-Za-z0-9_-]{8,}/g, '$1***'],
  [
    /([?&](?:x-amz-(?:signature|credential|security-token)|token|key|secret|signature|sig|access_token)=)[^&\s#"']+/gi,
    '$1***',
  ],
]

/** Removes credentials from text: URL passwords, bearer tokens, signed query parameters, well-known token forms. */
export function withoutSecrets(text: string): string {
  return SECRETS.reduce((clean, [pattern, replacement]) => clean.replace(pattern, replacement), text)
}
