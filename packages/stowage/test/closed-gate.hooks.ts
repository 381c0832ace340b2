// What closed-gate.probe.ts watches itself with. To load this module opens files that a look-up would.
import dgram from 'node:dgram'
import dns from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { registerHooks, syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import tls from 'node:tls'

export const attempts: string[] = []
export const loaded: string[] = []

const refuse = (what: string) => (): never => {
  attempts.push(what)
  throw new Error(`${what} is not allowed here`)
}

/** From here on every way out throws, and what is loaded of far backends is noted. */
export function hook(): void {
  net.Socket.prototype.connect = refuse('net')
  net.Server.prototype.listen = refuse('net')
  net.connect = net.createConnection = refuse('net')
  tls.connect = refuse('net')
  dgram.createSocket = refuse('udp')
  for (const resolver of [dns, dns.promises, dns.Resolver.prototype, dns.promises.Resolver.prototype]) {
    for (const name of Object.getOwnPropertyNames(resolver).filter((name) => /^(lookup|resolve|reverse)/.test(name))) {
      Object.assign(resolver, { [name]: refuse('dns') })
    }
  }
  http.request = http.get = https.request = https.get = refuse('http')
  globalThis.fetch = refuse('fetch')
  syncBuiltinESMExports()
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      if (/backend-(?!local)|aws-sdk|smithy|helia|libp2p/.test(found.url)) loaded.push(specifier)
      return found
    },
  })
}

/** Tries every way out. */
export async function reachOut(): Promise<void> {
  for (const attempt of [
    async () => net.connect(1),
    async () => dns.lookup('example.org', () => {}),
    () => dns.promises.resolve('example.org'),
    async () => dgram.createSocket('udp4'),
    () => fetch('http://127.0.0.1:1'),
    async () => http.get('http://127.0.0.1:1'),
  ]) {
    try {
      await attempt()
    } catch {
      continue
    }
  }
}
