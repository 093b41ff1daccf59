import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterEach, beforeEach, expect, test } from 'vitest'

const PACKAGE = fileURLToPath(new URL('../', import.meta.url))

/** What an application does: connects, writes, reads. */
const APPLICATION = `
import { PrismaSqliteEfs } from './src/index.ts'
const adapter = await new PrismaSqliteEfs({ url: process.argv[2], lease: 'local' }).connect()
await adapter.executeScript('CREATE TABLE t (a); INSERT INTO t VALUES (7)')
const { rows } = await adapter.queryRaw({ sql: 'SELECT a FROM t', args: [], argTypes: [] })
console.log(JSON.stringify(rows))
await adapter.dispose()
`

let folder: string

/** This package as it is installed, but for what is optional. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'prisma-adapter-bundle-'))
  cpSync(join(PACKAGE, 'src'), join(folder, 'src'), { recursive: true })
  for (const name of [
    '@prisma/client',
    '@prisma/driver-adapter-utils',
    '@sqlite-efs/database',
    '@sqlite-efs/lease',
    'libsql',
  ]) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(PACKAGE, 'node_modules', name), link)
  }
  writeFileSync(join(folder, 'application.ts'), APPLICATION)
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['left out, as the bundler could not find it', []],
  ['marked as external, and not installed where it runs', ['@opentelemetry/api']],
])('a bundle without OpenTelemetry works: %s', async (_, external) => {
  const outfile = join(folder, 'application.mjs')
  await build({
    entryPoints: [join(folder, 'application.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@sqlite-efs/source'],
    external: ['libsql', ...external],
    logLevel: 'error',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  })
  const output = execFileSync(process.execPath, [outfile, join(folder, 'app.db')], { encoding: 'utf8' })
  expect(JSON.parse(output)).toEqual([[7]])
})
