// Runs turbo without its telemetry, on a Node that is new enough. What turbo does goes to the terminal, and its exit code
// is ours.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const numbers = (version) => version.match(/\d+/g).map(Number)
const [needMajor, needMinor] = numbers(engines.node)
const [major, minor] = numbers(process.versions.node)
if (major < needMajor || (major === needMajor && minor < needMinor)) {
  console.error(`Node ${needMajor}.${needMinor} or newer is needed; this is ${process.version} (${process.execPath})`)
  process.exit(1)
}

// What has passed on one Node has not passed on another.
const env = {
  ...process.env,
  NODE_VERSION_OF_TASKS: process.version,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
}
const turbo = spawn('turbo', process.argv.slice(2), { stdio: 'inherit', env })

// A terminal sends Ctrl-C to every process; a supervisor stops only this one.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => turbo.kill('SIGTERM'))

turbo.on('error', (error) => {
  console.error(`turbo could not be started (${error.message}). Run it by a script of package.json: pnpm test`)
  process.exitCode = 1
})
turbo.on('exit', (code) => {
  process.exitCode = code ?? 1
})
