/** Adds the digest of a request's body, known already, to its signature; the SDK would hash the body again. */
export function signedBody<C extends { readonly middlewareStack: unknown }>(command: C, sha256: Uint8Array): C {
  const digest = Buffer.from(sha256).toString('hex')
  const stack = command.middlewareStack as Stack
  stack.add(
    (next) => (args) => {
      args.request.headers['x-amz-content-sha256'] = digest
      return next(args)
    },
    { step: 'build', name: 'stowageBodyDigest', override: true },
  )
  return command
}

/** As much of the SDK's middleware as this needs. */
interface Stack {
  add(middleware: (next: Handler) => Handler, options: { step: 'build'; name: string; override: boolean }): void
}

type Handler = (args: { request: { headers: Record<string, string> } }) => Promise<unknown>
