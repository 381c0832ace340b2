import { checkBoundaries, DRAWING } from './boundaries.ts'
import { root } from './workspace.ts'

const violations = checkBoundaries(root, DRAWING)
for (const { file, problem } of violations) console.error(`${file} ${problem}`)
console.log(
  violations.length === 0
    ? 'Every import follows the drawing.'
    : `${violations.length} imports do not follow the drawing.`,
)
process.exitCode = violations.length === 0 ? 0 : 1
