import type { Suite } from '../suite.ts'
import { cidText } from './cid-text.ts'
import { memory } from './memory.ts'
import { put } from './put.ts'
import { read } from './read.ts'
import { start } from './start.ts'

export const suites: Readonly<Record<string, Suite>> = { 'cid-text': cidText, put, read, start, memory }
