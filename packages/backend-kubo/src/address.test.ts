import { expect, it } from 'vitest'
import { gatewayAddress, rpcAddress } from './address.ts'

it.each([
  ['http://127.0.0.1:5001', 'http://127.0.0.1:5001', { host: '127.0.0.1', port: 5001 }, '/api/v0'],
  ['http://127.0.0.1:5001/api/v0', 'http://127.0.0.1:5001/api/v0', { host: '127.0.0.1', port: 5001 }, '/api/v0'],
  ['https://node.example/kubo/', 'https://node.example/kubo', { host: 'node.example', port: 443 }, '/kubo/api/v0'],
  ['http://[::1]:5001', 'http://[::1]:5001', { host: '::1', port: 5001 }, '/api/v0'],
  ['unix:///run/ipfs/api.sock', 'unix:/run/ipfs/api.sock', { socketPath: '/run/ipfs/api.sock' }, '/api/v0'],
])('%s', (url, shown, connect, base) => {
  expect(rpcAddress(url, undefined)).toMatchObject({ shown, connect, base })
})

it('says who it is as a header, and shows nobody', () => {
  const basic = `Basic ${Buffer.from('user:pass:word').toString('base64')}`
  expect(rpcAddress('http://127.0.0.1', 'bearer:secret').headers).toEqual({ authorization: 'Bearer secret' })
  expect(rpcAddress('http://127.0.0.1', 'basic:user:pass:word').headers).toEqual({ authorization: basic })
  const inUrl = rpcAddress('http://user:pass%3Aword@127.0.0.1:5001', undefined)
  expect(inUrl).toMatchObject({ shown: 'http://127.0.0.1:5001', headers: { authorization: basic } })
})

it.each(['127.0.0.1:5001', 'ftp://127.0.0.1', '/ip4/127.0.0.1/tcp/5001', 'unix:relative.sock'])(
  '%s is refused',
  (url) => {
    expect(() => rpcAddress(url, undefined)).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
  },
)

it.each(['a-secret', 'bearer:', 'basic:a-secret', 'digest:a-secret'])(
  '%s is no authorization, and is not shown',
  (auth) => {
    const address = () => rpcAddress('http://127.0.0.1:5001', auth)
    expect(address).toThrow(expect.objectContaining({ code: 'invalid-argument' }))
    expect(address).not.toThrow(/a-secret/)
  },
)

it('asks the gateway at localhost as 127.0.0.1', () => {
  expect(gatewayAddress('http://localhost:8080')).toMatchObject({
    connect: { host: 'localhost', port: 8080 },
    headers: { host: '127.0.0.1:8080' },
  })
  expect(gatewayAddress('https://gateway.example').headers).toEqual({})
})
