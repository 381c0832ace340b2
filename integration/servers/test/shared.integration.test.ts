import { expect, it } from 'vitest'
import { describeOn, shared } from '../src/shared/shared.ts'

describeOn('kubo', 'shared', () => {
  it('gives everybody the same server, however many ask at once', async () => {
    const [one, two] = await Promise.all([shared('kubo'), shared('kubo')])
    expect(one).toEqual(two)
    expect((await fetch(`${one.api}/api/v0/version`, { method: 'POST' })).status).toBe(200)
  })
})
