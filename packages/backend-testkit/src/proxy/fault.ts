/** What a fault is done to: what the server answers (the default), or what the client sends. */
export type Side = 'answer' | 'request'

/** Faults of a stream of bytes: of a connection's, or of the body of a request or an answer. */
export type StreamFault =
  /** The answer, or all of a connection, starts so many milliseconds late. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** No more than so many bytes in a second. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number; readonly of?: Side | undefined }
  /** The connection breaks when so many bytes have passed and there are more: by a reset, or by an end that looks wanted. */
  | { readonly kind: 'cut'; readonly after: number; readonly how: 'reset' | 'end'; readonly of?: Side | undefined }
  /** Another value for the byte at this offset. */
  | { readonly kind: 'corrupt'; readonly at: number; readonly of?: Side | undefined }
  /**
   * Nothing comes any more, and the connection stays: when so many bytes have passed and there are more; without `after`,
   * from the start.
   */
  | { readonly kind: 'hang'; readonly after?: number | undefined; readonly of?: Side | undefined }
  /** The connection is reset before anything is answered. */
  | { readonly kind: 'refuse' }

/** Faults of an answer as HTTP understands it. */
export type AnswerFault =
  /** This status, without asking the server; `retryAfter` as the header has it: seconds, or a date. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: number | string | undefined }
  /** `Content-Length` is so much more (or less) than what follows. An answer that states none is left alone. */
  | { readonly kind: 'length'; readonly by: number }
  /**
   * A range is answered wrongly.
   * - `ignored`: all of it, with 200. The server is asked without `Range`: a signature must not cover that.
   * - `shifted`: the bytes one further on, and `Content-Range` says so.
   * - `lying`: the bytes one further on, under the `Content-Range` that was asked for.
   * - `mislabelled`: the right bytes, under another `Content-Range`.
   */
  | { readonly kind: 'range'; readonly how: 'ignored' | 'shifted' | 'lying' | 'mislabelled' }

/** What goes wrong with one request, as plain data. */
export type Fault = StreamFault | AnswerFault

/** The faults of one kind. */
export function ofKind<F extends Fault, K extends F['kind']>(
  faults: readonly F[],
  kind: K,
): Extract<F, { readonly kind: K }>[] {
  return faults.filter((fault): fault is Extract<F, { readonly kind: K }> => fault.kind === kind)
}

/** Whether a fault is done to this side. */
export function isOf(fault: { readonly of?: Side | undefined }, side: Side): boolean {
  return (fault.of ?? 'answer') === side
}
