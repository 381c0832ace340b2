import * as z from 'zod'
import type { StowageConfig } from './config.ts'
import { parseDuration } from './duration.ts'
import { isMapping } from './normalise.ts'
import { type Path, type Problem, show, valueAt } from './problem.ts'
import { parseSize } from './size.ts'

// Each leaf's error text says what was expected; `checkConfig` adds what was found.

const text = z.string({ error: 'text' }).min(1, { error: 'text that is not empty' })

const url = urlOf('http:', 'https:')

const multiaddr = z
  .string({ error: 'a multiaddr' })
  .regex(/^\/\w/, { error: 'a multiaddr such as /ip4/127.0.0.1/tcp/0' })

/** YAML 1.1 took yes and on for booleans, YAML 1.2 reads them as text; and variables are always text. */
const flag = parsed('true or false', (value) => {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return undefined
  if (/^(true|yes|on)$/i.test(value)) return true
  return /^(false|no|off)$/i.test(value) ? false : undefined
})

const size = parsed('a size such as 10GB, or a number of bytes', parseSize)

const duration = parsed('a duration such as 30s or 1h, or milliseconds, up to 24 days', parseDuration)

const count = parsed('a whole number of at least 1', (value) => {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 1 ? number : undefined
})

const list = <T>(item: z.ZodType<T>, of: string) => z.array(item, { error: `a list of ${of}` })
const section = <T extends z.ZodRawShape>(shape: T) => z.looseObject(shape, { error: 'a mapping' })

const credentials = section({ accessKeyId: text, secretAccessKey: text, sessionToken: text.optional() })

const oneOf = <const T extends readonly string[]>(...names: T) =>
  z.enum(names, { error: `${names.length > 1 ? 'one of ' : ''}${names.join(', ')}` })

const preset = oneOf('public')
const gatewaySettings = section({
  enabled: flag.optional(),
  urls: list(url, 'URLs').optional(),
  preset: preset.optional(),
  format: oneOf('auto', 'raw', 'car', 'plain').optional(),
  routing: flag.optional(),
  headers: z.record(z.string(), text, { error: 'a mapping' }).optional(),
  idleTimeout: duration.optional(),
})
const gateways = z.union([list(url, 'URLs'), preset, gatewaySettings], {
  error: 'a list of URLs, the preset public, or a mapping',
})

const backends = section({
  local: section({ enabled: flag.optional(), path: text.optional() }).optional(),
  ipfs: section({
    enabled: flag.optional(),
    apiEndpoint: urlOf('http:', 'https:', 'unix:').optional(),
    gateway: url.optional(),
    auth: text.optional(),
    search: duration.optional(),
    timeout: duration.optional(),
  }).optional(),
  helia: section({
    enabled: flag.optional(),
    listen: list(multiaddr, 'multiaddrs').optional(),
    peers: list(multiaddr, 'multiaddrs').optional(),
    mdns: flag.optional(),
    dht: flag.optional(),
    delegatedRouters: list(url, 'URLs').optional(),
    patience: duration.optional(),
    stall: duration.optional(),
  }).optional(),
  filecoin: section({ enabled: flag.optional(), provider: text.optional(), apiKey: text.optional() }).optional(),
  s3: section({
    enabled: flag.optional(),
    bucket: text,
    prefix: text.optional(),
    region: text.optional(),
    endpoint: url.optional(),
    forcePathStyle: flag.optional(),
    storageClass: text.optional(),
    credentials: credentials.optional(),
  }).optional(),
  gateways: gateways.optional(),
  pinning: section({
    enabled: flag.optional(),
    endpoint: url,
    token: text,
    via: oneOf('ipfs').optional(),
    origins: list(multiaddr, 'multiaddrs').optional(),
    gateway: url.optional(),
    patience: duration.optional(),
  }).optional(),
  pinata: section({ enabled: flag.optional(), token: text, gateway: url.optional() }).optional(),
})

function flagOr<T extends z.ZodRawShape>(shape: T) {
  return z.union([section(shape), flag], { error: 'true or false, or a mapping' })
}

export const root: z.ZodType<StowageConfig> = section({
  enabled: flag.optional(),
  forceLocal: flag.optional(),
  dir: text.optional(),
  backends: backends.optional(),
  policy: section({
    defaultBackends: list(text, 'names of backends').optional(),
    pinByDefault: flag.optional(),
    autoTier: flagOr({
      seeding: flagOr({ reads: count.optional(), within: duration.optional() }).optional(),
      cooling: flagOr({ after: duration.optional() }).optional(),
      interval: duration.optional(),
    }).optional(),
  }).optional(),
  performance: section({
    maxSize: size.optional(),
    gcInterval: duration.optional(),
    poolSize: count.optional(),
  }).optional(),
})

export interface CheckedConfig {
  readonly config: StowageConfig
  readonly problems: readonly Problem[]
  readonly unknownKeys: readonly Path[]
}

/** Checks everything and reports all of it. `written` is what messages quote: the text before variables were filled in. */
export function checkConfig(value: unknown, written: (path: Path) => unknown): CheckedConfig {
  const result = root.safeParse(value)
  const unknownKeys = unknownKeysOf(root, value, [])
  if (result.success) return { config: asWritten(result.data, value), problems: [], unknownKeys }
  const problems = result.error.issues.flatMap(inForm).map(({ path, message }) => {
    return { path, text: `expected ${message}, found ${show(written(path), path)}` }
  })
  return { config: {}, problems, unknownKeys }
}

interface Issue {
  readonly path: PropertyKey[]
  readonly message: string
  readonly errors?: readonly (readonly Issue[])[]
}

/** Of a value that may have several forms, what is wrong within the one that it has. */
function inForm(issue: Issue): readonly Issue[] {
  const within = issue.errors?.find((form) => form.every(({ path }) => path.length > 0))
  return within?.flatMap(inForm).map(({ path, message }) => ({ path: [...issue.path, ...path], message })) ?? [issue]
}

/** Backends in the order in which they are written, which is the order of the tiers; zod's is that of the schema. */
function asWritten(config: StowageConfig, value: unknown): StowageConfig {
  const { backends } = config
  if (backends === undefined) return config
  const order = Object.keys(valueAt(value, ['backends']) as object)
  const sorted = Object.entries(backends).toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b))
  return { ...config, backends: Object.fromEntries(sorted) }
}

function unknownKeysOf(schema: unknown, value: unknown, path: Path): Path[] {
  if (schema instanceof z.ZodOptional) return unknownKeysOf(schema.unwrap(), value, path)
  if (schema instanceof z.ZodUnion) {
    return isMapping(value) ? schema.options.flatMap((form) => unknownKeysOf(form, value, path)) : []
  }
  if (!(schema instanceof z.ZodObject) || typeof value !== 'object' || value === null) return []
  const shape: Record<string, unknown> = schema.shape
  return Object.entries(value).flatMap(([key, child]) =>
    Object.hasOwn(shape, key) ? unknownKeysOf(shape[key], child, [...path, key]) : [[...path, key]],
  )
}

function parsed<T>(expected: string, parse: (value: unknown) => T | undefined): z.ZodType<T> {
  return z.unknown().transform((value, context): T => {
    const result = parse(value)
    if (result !== undefined) return result
    context.addIssue({ code: 'custom', message: expected })
    return z.NEVER
  })
}

function urlOf(...schemes: readonly string[]) {
  const error = `a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`
  return z.string({ error: 'a URL' }).refine((value) => schemes.includes(URL.parse(value)?.protocol ?? ''), { error })
}
