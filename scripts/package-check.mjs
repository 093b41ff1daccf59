// Packs the package in the current folder and asks publint and attw what a consumer of the tarball would meet.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'package-check-'))
const run = (command, args) => execFileSync(command, args, { stdio: 'inherit' })
try {
  execFileSync('pnpm', ['pack', '--pack-destination', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
  const tarball = join(
    folder,
    readdirSync(folder).find((file) => file.endsWith('.tgz')),
  )
  const bin = (name) => new URL(`../node_modules/.bin/${name}`, import.meta.url).pathname
  run(bin('publint'), ['run', tarball, '--strict'])
  run(bin('attw'), [tarball, '--profile', 'esm-only'])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
