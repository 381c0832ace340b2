import vendors from 'ci-info/vendors.json' with { type: 'json' }
import { type Environment, isOff, readVariable, showVariable } from './environment.ts'

/**
 * Variables that a CI sets without naming itself: Jenkins' `BUILD_ID` first, then those that ci-info's own
 * `isCI` knows beside its vendors. `RUN_ID` is left out: training jobs use that name too.
 */
const ANONYMOUS: readonly string[] = [
  'BUILD_ID',
  'BUILD_NUMBER',
  'CI_APP_ID',
  'CI_BUILD_ID',
  'CI_BUILD_NUMBER',
  'CI_NAME',
  'CONTINUOUS_INTEGRATION',
]

/**
 * What a vendor's environment must look like: a variable that is set, several of them, any of them, one whose
 * value contains something, or variables with exact values.
 */
type Mark =
  | string
  | readonly string[]
  | { readonly any: readonly string[] }
  | { readonly env: string; readonly includes: string }
  | { readonly [name: string]: string }

const MARKS: readonly Mark[] = (vendors as readonly { readonly env: Mark }[]).map((vendor) => vendor.env)

/**
 * The variable that tells of a CI, as `NAME=value`; `undefined` outside of one. `CI` decides where it is set:
 * 0, false, no and off mean no CI at all, even beside a vendor's variables. A vendor is named before a bare `CI`.
 */
export function detectCi(env: Environment): string | undefined {
  const ci = readVariable(env, 'CI')
  if (isOff(ci)) return undefined
  for (const mark of MARKS) {
    const found = match(env, mark)
    if (found !== undefined) return describe(env, found)
  }
  if (ci !== undefined) return describe(env, 'CI')
  const anonymous = ANONYMOUS.find((name) => isSet(env, name))
  return anonymous === undefined ? undefined : describe(env, anonymous)
}

/** Name of the variable to show when the environment bears the mark. */
function match(env: Environment, mark: Mark): string | undefined {
  if (typeof mark === 'string') return isSet(env, mark) ? mark : undefined
  if (isList(mark)) return mark.every((name) => isSet(env, name)) ? mark[0] : undefined
  if (isAny(mark)) return mark.any.find((name) => isSet(env, name))
  if (isPart(mark)) return readVariable(env, mark.env)?.includes(mark.includes) ? mark.env : undefined
  const wanted = Object.entries(mark)
  return wanted.every(([name, value]) => readVariable(env, name) === value) ? wanted[0]?.[0] : undefined
}

function isSet(env: Environment, name: string): boolean {
  const value = readVariable(env, name)
  return value !== undefined && !isOff(value)
}

function describe(env: Environment, name: string): string {
  return showVariable(name, readVariable(env, name) ?? '')
}

const isList = (mark: Mark): mark is readonly string[] => Array.isArray(mark)
const isAny = (mark: object): mark is { any: readonly string[] } => 'any' in mark && Array.isArray(mark.any)
const isPart = (mark: object): mark is { env: string; includes: string } => 'env' in mark && 'includes' in mark
