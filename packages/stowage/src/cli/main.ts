import { quietSqlite } from './quiet-sqlite.ts'
import { runCli } from './run.ts'

quietSqlite()
const exitCode = await runCli(process.argv.slice(2))
// Standard output may be a pipe with bytes still to go.
process.stdout.write('', () => process.exit(exitCode))
