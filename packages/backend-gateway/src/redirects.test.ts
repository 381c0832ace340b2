import { StorageError } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { redirectOf, sameSite } from './redirects.ts'

const from = new URL('https://gateway.example/base/ipfs/bafkqaaa?format=raw')

function to(location: string | undefined, status = 302, start = from): string | undefined {
  const headers = new Headers(location === undefined ? {} : { location })
  try {
    return redirectOf(start, { status, headers })?.href
  } catch (error) {
    return StorageError.is(error) ? error.code : String(error)
  }
}

test.each([
  ['a subdomain gateway', 'https://bafkqaaa.ipfs.example/?format=raw', 'https://bafkqaaa.ipfs.example/?format=raw'],
  ['a path', '/ipfs/bafkqaaa?format=raw', 'https://gateway.example/ipfs/bafkqaaa?format=raw'],
  ['the same protocol', '//other.example/x', 'https://other.example/x'],
  ['plain http, which anybody on the way can read', 'http://gateway.example/', 'unsupported'],
  ['a file', 'file:///etc/passwd', 'unsupported'],
  ['data', 'data:text/plain,x', 'unsupported'],
  ['no URL', 'https://', 'unsupported'],
  ['nowhere', undefined, 'unsupported'],
])('%s', (_, location, expected) => {
  expect(to(location)).toBe(expected)
})

test.each([301, 302, 303, 307, 308])('%d is followed', (status) => {
  expect(to('/x', status)).toBe('https://gateway.example/x')
})

test.each([200, 300, 304, 305, 404])('%d is none', (status) => {
  expect(to('/x', status)).toBeUndefined()
})

test('names below localhost are asked by the address, as a path gateway', () => {
  const local = new URL('http://localhost:8080/ipfs/bafkqaaa?format=raw')
  expect(to('http://bafkqaaa.ipfs.localhost:8080/?format=raw', 301, local)).toBe(
    'http://127.0.0.1:8080/ipfs/bafkqaaa?format=raw',
  )
  expect(to('http://bafkqaaa.ipfs.localhost:9090/', 301, local)).toBe('http://bafkqaaa.ipfs.localhost:9090/')
})

test.each([
  ['https://a.example/x', 'https://a.example/y', true],
  ['https://a.example', 'https://b.a.example', false],
  ['https://a.example', 'https://a.example:444', false],
  ['http://a.example', 'https://a.example', false],
  ['http://localhost:1', 'http://127.0.0.1:1', true],
  ['http://localhost:1', 'http://127.0.0.1:2', false],
])('secrets for %s may be told to %s: %s', (named, now, expected) => {
  expect(sameSite(new URL(named), new URL(now))).toBe(expected)
})
