const PATIENCE = 2_000

/** What a server answers to a request, when it does within two seconds. The body is read and dropped. */
export async function answerOf(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(PATIENCE) })
  return new Response(response.status === 204 ? null : await response.arrayBuffer(), response)
}
