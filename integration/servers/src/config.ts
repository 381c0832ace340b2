import { readFile, writeFile } from 'node:fs/promises'

/** Changes values of a JSON file by their dotted keys: `{ 'Gateway.NoFetch': true }`. */
export async function configure(file: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split('.')
    const last = keys.pop() as string
    const place = keys.reduce((section, key) => (section[key] ??= {}) as Record<string, unknown>, config)
    place[last] = value
  }
  await writeFile(file, JSON.stringify(config))
}
