// Runs a program of this repository from its sources, after the Prisma clients that it needs were made:
//   node scripts/run.mjs [--generate <package> | --generate all] <program.ts> [argument ...]
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const words = process.argv.slice(2)
const clients = words[0] === '--generate' ? words.splice(0, 2)[1] : undefined

/** What it does goes to the terminal; returns its exit code. */
async function run(...args) {
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  // A terminal sends Ctrl-C to every process; a supervisor stops only this one.
  const pass = () => child.kill('SIGTERM')
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', pass)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  process.off('SIGTERM', pass)
  return code ?? 1
}

async function generate() {
  if (clients === undefined) return 0
  const turbo = fileURLToPath(new URL('turbo.mjs', import.meta.url))
  const filter = clients === 'all' ? [] : [`--filter=${clients}`]
  return run(turbo, 'run', 'generate', ...filter, '--output-logs=errors-only')
}

process.exitCode = (await generate()) || (await run('--conditions=@sqlite-efs/source', '--import', 'tsx', ...words))
