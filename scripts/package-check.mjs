// Packs the package in the current folder and asks publint, attw and TypeScript what a consumer of the tarball would meet.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'package-check-'))
const run = (command, args) => execFileSync(command, args, { stdio: 'inherit' })
const bin = (name) => new URL(`../node_modules/.bin/${name}`, import.meta.url).pathname

/** What is wrong in our own declarations for who looks into them (skipLibCheck: false); those of others are theirs. */
function errorsInTypes() {
  const { exports = {} } = JSON.parse(readFileSync('package.json', 'utf8'))
  const files = Object.values(exports).flatMap(({ types }) => types ?? [])
  if (files.length === 0) return []
  const options = '--noEmit --strict --skipLibCheck false --target es2023 --module nodenext --types node'.split(' ')
  const { stdout, error } = spawnSync(bin('tsc'), ['--ignoreConfig', ...options, ...files], { encoding: 'utf8' })
  if (error) throw error
  return stdout.split('\n').filter((line) => /^(dist\/|error )/.test(line))
}
try {
  execFileSync('pnpm', ['pack', '--pack-destination', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  const tarball = join(
    folder,
    readdirSync(folder).find((file) => file.endsWith('.tgz')),
  )
  run(bin('publint'), ['run', tarball, '--strict'])
  run(bin('attw'), [tarball, '--profile', 'esm-only'])
  const errors = errorsInTypes()
  if (errors.length > 0) throw new Error(errors.join('\n'))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
