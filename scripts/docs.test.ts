import { describe, expect, it } from 'vitest'
import { goalsWithItem, region, withQuotations } from './docs.ts'

const files: Record<string, string> = {
  'a.ts':
    'import x\n\n  // #region one\n  if (x) {\n    y()\n  }\n  // #endregion\n// #region twice\n// #endregion\n// #region twice\n// #endregion\n// #region open\n',
  'bench/results/put.json': JSON.stringify({ table: '| a |\n| - |' }),
}
const sources = {
  read(path: string): string {
    const text = files[path]
    if (text === undefined) throw new Error(`no ${path}`)
    return text
  },
  goals: () => '| goal |',
}

describe('withQuotations', () => {
  it('puts the region in place of what was there', () => {
    const page = 'Before\n<!-- snippet a.ts#one -->\nold\n<!-- /snippet -->\nAfter\n'
    const fresh = 'Before\n<!-- snippet a.ts#one -->\n```ts\nif (x) {\n  y()\n}\n```\n<!-- /snippet -->\nAfter\n'
    expect(withQuotations(page, sources)).toBe(fresh)
    expect(withQuotations(fresh, sources)).toBe(fresh)
  })

  it('puts a benchmark table in place', () => {
    expect(withQuotations('<!-- bench put -->\n<!-- /bench -->', sources)).toBe(
      '<!-- bench put -->\n| a |\n| - |\n<!-- /bench -->',
    )
  })

  it('puts the table of goals in place', () => {
    expect(withQuotations('<!-- bench goals -->\n<!-- /bench -->', sources)).toBe(
      '<!-- bench goals -->\n| goal |\n<!-- /bench -->',
    )
  })

  it('leaves text without markers alone', () => {
    expect(withQuotations('# $& `x`\n', sources)).toBe('# $& `x`\n')
  })

  it.each([
    ['a marker that is never closed', '<!-- snippet a.ts#one -->\n'],
    ['a marker closed by another kind', '<!-- snippet a.ts#one -->\n<!-- /bench -->'],
    ['a region that is not there', '<!-- snippet a.ts#two -->\n<!-- /snippet -->'],
  ])('refuses %s', (_, page) => {
    expect(() => withQuotations(page, sources)).toThrow(SyntaxError)
  })

  it('passes on that a file is not there', () => {
    const missing = new Error('no b.ts')
    const read = (): never => {
      throw missing
    }
    expect(() => withQuotations('<!-- snippet b.ts#one -->\n<!-- /snippet -->', { ...sources, read })).toThrow(missing)
  })
})

it.each(['twice', 'open', 'missing'])('refuses the region %s', (name) => {
  expect(() => region(files['a.ts'] ?? '', name, 'a.ts')).toThrow(SyntaxError)
})

describe('goalsWithItem', () => {
  it('finds them by how their items start', () => {
    const page = '- **P1** needs more.\n\n- **P20** is far.\nP3 is not one, nor is **P4** here.\n- **P5**: no.\n'
    expect(goalsWithItem(page)).toEqual(['P1', 'P20'])
  })
})
