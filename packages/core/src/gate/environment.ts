/** Environment variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The variable's trimmed value; `undefined` when it is unset or blank, which mean the same to us. */
export function readVariable(env: Environment, name: string): string | undefined {
  const value = env[name]
  if (value === undefined || value === null) return undefined
  return String(value).trim() || undefined
}

/** True for 1, true, yes, on, in any case. */
export function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(1|true|yes|on)$/i.test(value)
}

/** True for 0, false, no, off, in any case. */
export function isOff(value: string | undefined): boolean {
  return value !== undefined && /^(0|false|no|off)$/i.test(value)
}

/** `NAME=value` for people to read; only the name when the value is long, since it may be a token or a URL with one. */
export function showVariable(name: string, value: string): string {
  return /^[\w.:-]{1,32}$/.test(value) ? `${name}=${value}` : name
}
