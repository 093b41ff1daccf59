import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { statusText } from '../src/commands/migrate-text.js'
import { cli, cliJson, errorOf } from './support/cli.js'
import { scratchFolder } from './support/scratch.js'
import { startTable } from './support/table.js'

const FIRST = '20261101090000_init'
const SECOND = '20261125101500_add_seat'

/** A project of two migrations, where Prisma has them. */
function project(second = 'CREATE TABLE seat (id INTEGER PRIMARY KEY);') {
  const cwd = scratchFolder()
  const migrations = join(cwd, 'prisma/migrations')
  const write = (name: string, sql: string) => {
    mkdirSync(join(migrations, name), { recursive: true })
    writeFileSync(join(migrations, name, 'migration.sql'), sql)
  }
  write(FIRST, 'CREATE TABLE account (id INTEGER PRIMARY KEY);')
  write(SECOND, second)
  writeFileSync(join(migrations, 'migration_lock.toml'), 'provider = "sqlite"\n')
  return { cwd, migrations, write, args: ['--local', '--url', 'app.db'] }
}

describe('migrate', () => {
  test('deploy makes the database and applies what it does not have, as Prisma says it', async () => {
    const { cwd, args } = project()
    const first = await cli(['migrate', 'deploy', ...args], { cwd })
    expect(first.code).toBe(0)
    expect(first.stderr).toBe(`Applying migration \`${FIRST}\`\nApplying migration \`${SECOND}\`\n`)
    expect(first.stdout).toContain(
      `  └─ ${SECOND}/\n    └─ migration.sql\n\nAll migrations have been successfully applied.\n`,
    )
    const again = await cli(['migrate', 'deploy', ...args], { cwd })
    expect(again).toMatchObject({ code: 0, stdout: 'No pending migrations to apply from prisma/migrations.\n' })
  })

  test('of two deploys at once one works, and the other finds nothing to do', async () => {
    const { env } = await startTable()
    const { cwd } = project()
    const deploy = () => cliJson(['migrate', 'deploy', '--url', 'app.db'], { cwd, env })
    const [one, other] = await Promise.all([deploy(), deploy()])
    expect([one.code, other.code]).toEqual([0, 0])
    const applied = [one, other].flatMap(({ document }) => document['applied'] as string[])
    expect(applied.toSorted()).toEqual([FIRST, SECOND])
  })

  test('status ends with 1 until the database has all migrations', async () => {
    const { cwd, args, write } = project()
    await cli(['migrate', 'deploy', ...args], { cwd })
    const good = await cliJson(['migrate', 'status', ...args], { cwd })
    expect(good).toMatchObject({ code: 0, document: { isUpToDate: true, applied: [FIRST, SECOND], pending: [] } })
    write('20261126000000_more', 'CREATE TABLE more (id INTEGER PRIMARY KEY);')
    const behind = await cliJson(['migrate', 'status', ...args], { cwd })
    expect(behind).toMatchObject({ code: 1, document: { isUpToDate: false, pending: ['20261126000000_more'] } })
    const { stdout } = await cli(['migrate', 'status', ...args], { cwd })
    expect(stdout).toMatch(/3 migrations found in prisma\/migrations/)
    expect(stdout).toMatch(/have not yet been applied:\n {2}20261126000000_more/)
    expect(stdout).toMatch(/with the same options: sqlite-efs migrate deploy/)
  })

  test('a migration that fails is MIGRATION_FAILED, stops the next deploy with MIGRATION_UNRESOLVED, and is resolved', async () => {
    const { cwd, args, write } = project('CREATE TABLE account (id INTEGER PRIMARY KEY);')
    const failed = await cli(['migrate', 'deploy', ...args, '--json'], { cwd })
    expect(failed.code).toBe(1)
    expect(errorOf(failed)).toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining(SECOND) as string,
    })
    expect(await cli(['migrate', 'deploy', ...args], { cwd })).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^MIGRATION_UNRESOLVED: /) as string,
    })
    const status = await cliJson(['migrate', 'status', ...args], { cwd })
    expect(status).toMatchObject({ code: 1, document: { failed: [SECOND] } })
    write(SECOND, 'CREATE TABLE seat (id INTEGER PRIMARY KEY);')
    const resolved = await cli(['migrate', 'resolve', '--rolled-back', SECOND, ...args], { cwd })
    expect(resolved).toMatchObject({ code: 0, stdout: `Migration ${SECOND} marked as rolled back.\n` })
    expect(await cliJson(['migrate', 'deploy', ...args], { cwd })).toMatchObject({
      code: 0,
      document: { applied: [SECOND] },
    })
  })

  test('resolve --applied records what the database has already', async () => {
    const { cwd, args } = project('CREATE TABLE account (id INTEGER PRIMARY KEY);')
    await cli(['migrate', 'deploy', ...args], { cwd })
    const { code, document } = await cliJson(['migrate', 'resolve', '--applied', SECOND, ...args], { cwd })
    expect({ code, document }).toEqual({ code: 0, document: { migration: SECOND, as: 'applied' } })
    const status = await cliJson(['migrate', 'status', ...args], { cwd })
    expect(status).toMatchObject({ code: 0, document: { applied: [FIRST, SECOND], failed: [] } })
    const again = await cli(['migrate', 'resolve', '--applied', SECOND, ...args], { cwd })
    expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^MIGRATION_ALREADY_APPLIED: /) as string })
    const unknown = await cli(['migrate', 'resolve', '--rolled-back', 'nothing', ...args], { cwd })
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/^MIGRATION_NEVER_APPLIED: /) as string })
  })

  test('without a folder of migrations makes no database', async () => {
    const { cwd, migrations, args } = project()
    rmSync(migrations, { recursive: true })
    const { code, stdout } = await cli(['migrate', 'deploy', ...args], { cwd })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(existsSync(join(cwd, 'app.db'))).toBe(false)
  })
})

test('what is not in the folder, and what was changed, is no obstacle and is said', () => {
  const status = {
    hasMigrationsTable: true,
    applied: ['a', 'b'],
    pending: [],
    failed: [],
    missing: ['b'],
    edited: ['a'],
  }
  const text = statusText(status, 'prisma/migrations')
  expect(text).toMatch(/^1 migration found in prisma\/migrations/)
  expect(text).toMatch(/are not in the folder:\n {2}b/)
  expect(text).toMatch(/changed since they were applied:\n {2}a/)
  expect(text).toMatch(/Database schema is up to date!$/)
})
