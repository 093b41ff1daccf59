// pnpm bench [table...] [--short] [--json]
import { launch } from './launch.js'

const program = await launch(process.argv.slice(2), 'inherit')
// A terminal sends Ctrl-C to every process; a supervisor stops only this one.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => program.kill('SIGTERM'))
program.on('exit', (code) => {
  process.exitCode = code ?? 1
})
