import { parseCid, StorageError } from '@stowage/core/spi'
import { expect, test } from 'vitest'
import { gatewayAddress, withoutCredentials } from './address.ts'

const cid = parseCid('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku')

test.each([
  ['https://gateway.example', `https://gateway.example/ipfs/${cid}?format=raw`, 'https://gateway.example'],
  ['https://gateway.example/', `https://gateway.example/ipfs/${cid}?format=raw`, 'https://gateway.example'],
  ['http://10.0.0.7:8080/a/b/', `http://10.0.0.7:8080/a/b/ipfs/${cid}?format=raw`, 'http://10.0.0.7:8080/a/b'],
  ['http://[::1]:8080', `http://[::1]:8080/ipfs/${cid}?format=raw`, 'http://[::1]:8080'],
  ['https://g.example/p?token=x#y', `https://g.example/p/ipfs/${cid}?token=x&format=raw`, 'https://g.example/p'],
  ['https://u:p@g.example', `https://u:p@g.example/ipfs/${cid}?format=raw`, 'https://g.example'],
])('%s', (base, url, name) => {
  const address = gatewayAddress(base)
  expect([address.content(cid, { format: 'raw' }).href, address.name]).toEqual([url, name])
})

test.each([
  '',
  'gateway.example',
  'ftp://x',
  'file:///x',
  'https://x/ipfs',
  'https://x/ipfs/',
  'https://x/ipns',
  'https://',
])('no gateway: %j', (base) => {
  const make = (): unknown => gatewayAddress(base)
  expect(make).toThrow(StorageError)
  expect(make).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
})

test('what a refusal shows has no password', () => {
  expect(() => gatewayAddress('https://u:geheim@x/ipfs?key=geheim')).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('geheim') }),
  )
})

test('user and password become a header', () => {
  const { bare, headers } = withoutCredentials(new URL('https://a%40b:c%3Ad@g.example/x'))
  expect(bare.href).toBe('https://g.example/x')
  expect(headers).toEqual({ authorization: `Basic ${Buffer.from('a@b:c:d').toString('base64')}` })
  expect(withoutCredentials(bare)).toEqual({ bare, headers: {} })
})
