// Changes the source in one place after the other, and names the changes that no test notices:
//   pnpm mutation lease line/place.ts line/join-request.ts
//   pnpm mutation database           (all of it: hours)
// With the names of the tests that are about a file it is much faster: MUTATION_TESTS=journal-in-place pnpm mutation database journal.ts
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [name, ...files] = process.argv.slice(2)
const cwd = fileURLToPath(new URL(`../packages/${name}`, import.meta.url))
if (!name || !existsSync(`${cwd}/src`)) {
  console.error('Name a package below packages/, and files of its src/ if not all: pnpm mutation lease place.ts')
  process.exit(1)
}
const mutate = files.length > 0 ? files.map((file) => `src/${file}`) : ['src/**/*.ts', '!src/**/index.ts']
const config = fileURLToPath(new URL('stryker.config.mjs', import.meta.url))
const concurrency = process.env.MUTATION_CONCURRENCY ?? '2'
const stryker = fileURLToPath(new URL('../node_modules/@stryker-mutator/core/bin/stryker.js', import.meta.url))
const { status } = spawnSync(
  process.execPath,
  [stryker, 'run', config, '--mutate', mutate.join(','), '--concurrency', concurrency],
  { cwd, stdio: 'inherit' },
)
process.exit(status ?? 1)
