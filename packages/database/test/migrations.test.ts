import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lease, LocalLeaser } from '@sqlite-efs/lease'
import { describe, expect, it } from 'vitest'
import type { Database } from '../src/index.js'
import type { MigrationProgress } from '../src/migrations.js'
import { migrate, migrationStatus, resolveMigration } from '../src/migrations.js'
import { leaserThatIsNeverAsked, WatchedLeaser } from './support/leasers.js'
import { MigrationFolder } from './support/migration-folder.js'
import { outsider } from './support/outsider.js'
import { runChild } from './support/run-child.js'
import { open, openBank, rows, scratchPath } from './support/scratch.js'

const ONE = { '1_one': 'CREATE TABLE one (a)' }
const TWO = { ...ONE, '2_two': 'CREATE TABLE two (a);\nINSERT INTO two VALUES (2)' }
const FAILING = { ...TWO, '3_three': 'CREATE TABLE three (a);\nINSERT INTO nowhere VALUES (1)', '4_four': 'SELECT 1' }

const tables = async (database: Database) =>
  (await rows(database, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")).flat()
const history = (database: Database) =>
  rows(
    database,
    `SELECT migration_name, applied_steps_count, finished_at IS NOT NULL, rolled_back_at IS NOT NULL, logs
       FROM _prisma_migrations ORDER BY rowid`,
  )

describe('a deploy', () => {
  it('makes the database, and applies what is new, in order, under one lease', async () => {
    const leaser = new WatchedLeaser()
    const database = open(scratchPath(), { leaser })
    const events: MigrationProgress[] = []
    const onProgress = (event: MigrationProgress) => events.push(event)
    expect(await migrate(database, new MigrationFolder(TWO).path, { onProgress })).toEqual({
      applied: ['1_one', '2_two'],
    })
    expect(leaser.log.filter((call) => call === 'acquire')).toHaveLength(1)
    expect(events).toEqual([
      { type: 'applying', name: '1_one', index: 0, count: 2 },
      { type: 'applied', name: '1_one', index: 0, count: 2 },
      { type: 'applying', name: '2_two', index: 1, count: 2 },
      { type: 'applied', name: '2_two', index: 1, count: 2 },
    ])
    expect(await history(database)).toEqual([
      ['1_one', 1n, 1n, 0n, null],
      ['2_two', 1n, 1n, 0n, null],
    ])
    expect(await rows(database, 'SELECT a FROM two')).toEqual([[2n]])
  })

  it('with nothing to do asks for no lease', async () => {
    const path = scratchPath()
    const folder = new MigrationFolder(TWO)
    const first = open(path)
    await migrate(first, folder.path)
    await first.close()
    const database = open(path, { leaser: leaserThatIsNeverAsked() })
    expect(await migrate(database, folder.path)).toEqual({ applied: [] })
    expect(await migrationStatus(database, folder.path)).toMatchObject({ applied: ['1_one', '2_two'], pending: [] })
  })

  it('of an empty folder makes no file', async () => {
    const path = scratchPath()
    expect(await migrate(open(path), new MigrationFolder().path)).toEqual({ applied: [] })
    expect(existsSync(path)).toBe(false)
  })

  it('is not stopped by what its listener throws', async () => {
    const database = open(scratchPath())
    const onProgress = () => {
      throw new Error('a listener of no use')
    }
    expect(await migrate(database, new MigrationFolder(ONE).path, { onProgress })).toEqual({ applied: ['1_one'] })
  })

  it('asked for twice in one process is done once', async () => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder(TWO)
    const results = await Promise.all([migrate(database, path), migrate(database, path)])
    expect(results.flatMap(({ applied }) => applied)).toEqual(['1_one', '2_two'])
    expect(await history(database)).toHaveLength(2)
  })

  it('that loses its lease between two migrations asks the table again, and applies none twice', async () => {
    const leaser = new WatchedLeaser(new LocalLeaser())
    const database = open(scratchPath(), { leaser })
    const folder = new MigrationFolder({ ...TWO, '3_three': 'CREATE TABLE three (a)' })
    const onProgress = ({ type, name }: MigrationProgress) => {
      if (type !== 'applied' || name !== '1_one') return
      // Another host takes the lease over, and deploys the next one.
      void (leaser.lease as Lease).release()
      const libsql = outsider(database.path)
      libsql.exec(
        "CREATE TABLE two (a); INSERT INTO _prisma_migrations VALUES ('x', '', 1, '2_two', NULL, NULL, 1700000000000, 1)",
      )
    }
    expect(await migrate(database, folder.path, { onProgress })).toEqual({ applied: ['1_one', '3_three'] })
    expect(leaser.log.filter((call) => call === 'acquire')).toHaveLength(2)
    expect((await history(database)).map(([name]) => name)).toEqual(['1_one', '2_two', '3_three'])
  })

  it('waits in line, and gives up when its time is over', async () => {
    const leaser = new LocalLeaser()
    const database = open(scratchPath(), { leaser })
    const { path } = new MigrationFolder(ONE)
    const lease = await leaser.acquire(`database#${database.path}`)
    await expect(migrate(database, path, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'LEASE_TIMEOUT',
      details: { option: 'timeoutMs' },
    })
    const deploy = migrate(database, path)
    await lease.release()
    expect(await deploy).toEqual({ applied: ['1_one'] })
  })

  it('takes foreign keys off where a script says so, and cascades to nothing', async () => {
    const database = open(scratchPath())
    const folder = new MigrationFolder({
      '1_init': `CREATE TABLE owner (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES owner (id) ON DELETE CASCADE)`,
    })
    await migrate(database, folder.path)
    await database.script('INSERT INTO owner VALUES (1, 1); INSERT INTO pet VALUES (1, 1)')
    folder.add({
      '2_rebuild': `PRAGMA defer_foreign_keys=ON; PRAGMA foreign_keys=OFF;
        CREATE TABLE new_owner (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO new_owner SELECT * FROM owner;
        DROP TABLE owner; ALTER TABLE new_owner RENAME TO owner;
        PRAGMA foreign_keys=ON; PRAGMA defer_foreign_keys=OFF;`,
    })
    await migrate(database, folder.path)
    expect(await rows(database, 'SELECT owner FROM pet')).toEqual([[1n]])
    folder.add({ '3_data': 'DELETE FROM owner' })
    await migrate(database, folder.path)
    // Without the PRAGMA keys are on: the owner takes the pet along.
    expect(await rows(database, 'SELECT owner FROM pet')).toEqual([])
  })
})

describe('a migration that fails', () => {
  it('leaves nothing but its row, and stops the deploy: MIGRATION_FAILED, and MIGRATION_UNRESOLVED from then on', async () => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder(FAILING)
    const error = await migrate(database, path).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'MIGRATION_FAILED', details: { migrations: ['3_three'], extendedCode: 1 } })
    expect((error as Error).message).toMatch(/3_three.*no such table: nowhere.*statement 2 of 2: `INSERT INTO nowhere/)
    expect(await tables(database)).toEqual(['_prisma_migrations', 'one', 'two'])
    expect((await history(database)).at(-1)).toEqual(['3_three', 0n, 0n, 0n, expect.stringContaining('nowhere')])
    await expect(migrate(database, path)).rejects.toMatchObject({
      code: 'MIGRATION_UNRESOLVED',
      message: expect.stringMatching(/3_three.*no such table: nowhere.*sqlite-efs migrate resolve/) as string,
      details: { migrations: ['3_three'] },
    })
    expect(await migrationStatus(database, path)).toMatchObject({ failed: ['3_three'], pending: ['4_four'] })
  })

  it('as the first of all leaves the table with its row', async () => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder({ '1_one': 'SELEC 1' })
    await expect(migrate(database, path)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      message: expect.stringContaining('(`SELEC 1`)') as string,
    })
    expect(await history(database)).toHaveLength(1)
  })

  it('is applied by the next deploy when it is mended and marked as rolled back', async () => {
    const database = open(scratchPath())
    const folder = new MigrationFolder(FAILING)
    await expect(migrate(database, folder.path)).rejects.toMatchObject({ code: 'MIGRATION_FAILED' })
    folder.add({ '3_three': 'CREATE TABLE three (a)' })
    await resolveMigration(database, folder.path, '3_three', 'rolled-back')
    expect(await migrate(database, folder.path)).toEqual({ applied: ['3_three', '4_four'] })
    expect(await migrationStatus(database, folder.path)).toEqual({
      hasMigrationsTable: true,
      applied: ['1_one', '2_two', '3_three', '4_four'],
      pending: [],
      failed: [],
      missing: [],
      edited: [],
    })
  })

  it('because the lease was lost is no failure of its own: nothing is recorded', async () => {
    const leaser = new WatchedLeaser(new LocalLeaser())
    const database = open(scratchPath(), { leaser })
    const { path } = new MigrationFolder(TWO)
    const onProgress = ({ type, name }: MigrationProgress) => {
      if (type === 'applying' && name === '2_two') void (leaser.lease as Lease).release()
    }
    await expect(migrate(database, path, { onProgress })).rejects.toMatchObject({ code: 'WRITE_CONFLICT' })
    expect(await history(database)).toEqual([['1_one', 1n, 1n, 0n, null]])
    expect(await migrate(database, path)).toEqual({ applied: ['2_two'] })
  })

  it('because rows would point nowhere is rolled back, too', async () => {
    const database = open(scratchPath())
    const folder = new MigrationFolder({
      '1_init': `CREATE TABLE owner (id INTEGER PRIMARY KEY); CREATE TABLE pet (owner REFERENCES owner (id));
        INSERT INTO owner VALUES (1); INSERT INTO pet VALUES (1)`,
      '2_drop': 'PRAGMA foreign_keys=OFF; DELETE FROM owner; PRAGMA foreign_keys=ON',
    })
    await expect(migrate(database, folder.path)).rejects.toMatchObject({
      code: 'MIGRATION_FAILED',
      details: { extendedCode: 787 },
    })
    expect(await rows(database, 'SELECT id FROM owner')).toEqual([[1n]])
  })
})

describe('a folder', () => {
  it('is read as Prisma reads it: folders by name, and nothing else', async () => {
    const folder = new MigrationFolder({ '2_b': 'SELECT 1', '10_a': 'SELECT 1', '1_c': 'SELECT 1', '2_B': 'SELECT 1' })
    writeFileSync(join(folder.path, '0_file'), 'SELECT 1')
    mkdirSync(join(folder.path, '3_x', 'migration.sql'), { recursive: true })
    symlinkSync(join(folder.path, '1_c'), join(folder.path, '0_link'))
    const { pending } = await migrationStatus(open(scratchPath()), folder.path)
    expect(pending).toEqual(['1_c', '10_a', '2_b', '2_B', '3_x'])
  })

  it('that is not there is refused, with its path', async () => {
    const database = open(scratchPath())
    for (const directory of [join(scratchPath(), 'migrations'), '', 7 as never]) {
      await expect(migrate(database, directory)).rejects.toMatchObject({
        code: 'CONFIGURATION',
        details: { option: 'directory' },
      })
    }
  })

  it('without migration.sql is MIGRATION_FILE_MISSING, before anything is applied', async () => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder({ ...TWO, '3_three': null })
    await expect(migrate(database, path)).rejects.toMatchObject({
      code: 'MIGRATION_FILE_MISSING',
      details: { migrations: ['3_three'] },
    })
    expect(existsSync(database.path)).toBe(false)
  })

  it('whose migration.sql is gone since it was applied is no obstacle', async () => {
    const database = open(scratchPath())
    await migrate(database, new MigrationFolder(ONE).path)
    const folder = new MigrationFolder({ ...TWO, '1_one': null })
    expect(await migrate(database, folder.path)).toEqual({ applied: ['2_two'] })
  })

  it.each(['postgresql', 'sqlite3', ''])('of the provider "%s" is MIGRATION_PROVIDER_MISMATCH', async (provider) => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder(ONE, provider)
    await expect(migrate(database, path)).rejects.toMatchObject({ code: 'MIGRATION_PROVIDER_MISMATCH' })
    await expect(migrationStatus(database, path)).rejects.toMatchObject({ code: 'MIGRATION_PROVIDER_MISMATCH' })
    await expect(resolveMigration(database, path, '1_one', 'applied')).rejects.toMatchObject({
      code: 'MIGRATION_PROVIDER_MISMATCH',
    })
    expect(existsSync(database.path)).toBe(false)
  })

  it.each(['BEGIN', 'COMMIT', 'SAVEPOINT a', 'VACUUM', 'PRAGMA journal_mode=WAL', "ATTACH 'x' AS y"])(
    'with %s in a script is refused before anything is applied, with the way out',
    async (statement) => {
      const database = open(scratchPath())
      const { path } = new MigrationFolder({ ...TWO, '3_three': `CREATE TABLE three (a);\n${statement};` })
      await expect(migrate(database, path)).rejects.toMatchObject({
        code: 'STATEMENT_REFUSED',
        message: expect.stringMatching(/^Migration 3_three is not applied\..*migration\.sql/) as string,
        details: { migrations: ['3_three'] },
      })
      expect(existsSync(database.path)).toBe(false)
    },
  )
})

describe('a database that has tables, and no record of migrations', () => {
  it('is MIGRATION_BASELINE_MISSING, and left as it is', async () => {
    const bank = await openBank()
    const before = readFileSync(bank.path)
    const { path } = new MigrationFolder(ONE)
    await expect(migrate(bank, path)).rejects.toMatchObject({
      code: 'MIGRATION_BASELINE_MISSING',
      message: expect.stringContaining('account') as string,
    })
    expect(readFileSync(bank.path)).toEqual(before)
    expect(await migrationStatus(bank, path)).toMatchObject({ hasMigrationsTable: false, pending: ['1_one'] })
  })

  it('goes on from a baseline: what it has already is marked as applied', async () => {
    const bank = await openBank()
    const { path } = new MigrationFolder(TWO)
    await resolveMigration(bank, path, '1_one', 'applied')
    expect(await migrate(bank, path)).toEqual({ applied: ['2_two'] })
    expect(await tables(bank)).toEqual(['_prisma_migrations', 'account', 'two'])
  })
})

describe('status', () => {
  it('names what is missing and what was edited, and does not mind the ends of lines', async () => {
    const database = open(scratchPath())
    const folder = new MigrationFolder({ ...TWO, '3_three': 'SELECT 3' })
    await migrate(database, folder.path)
    folder.remove('1_one')
    folder.add({ '2_two': TWO['2_two'].replace('\n', '\r\n'), '3_three': 'SELECT 33', '4_four': 'SELECT 4' })
    expect(await migrationStatus(database, folder.path)).toEqual({
      hasMigrationsTable: true,
      applied: ['1_one', '2_two', '3_three'],
      pending: ['4_four'],
      failed: [],
      missing: ['1_one'],
      edited: ['3_three'],
    })
    expect(await migrate(database, folder.path)).toEqual({ applied: ['4_four'] })
  })

  it('of a database that is not there yet leaves none', async () => {
    const database = open(scratchPath(), { leaser: leaserThatIsNeverAsked() })
    expect(await migrationStatus(database, new MigrationFolder(ONE).path)).toEqual({
      hasMigrationsTable: false,
      applied: [],
      pending: ['1_one'],
      failed: [],
      missing: [],
      edited: [],
    })
    expect(existsSync(database.path)).toBe(false)
  })
})

describe('resolve', () => {
  it('refuses what does not fit, each with its own code', async () => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder({ ...ONE, '2_two': null })
    await migrate(database, new MigrationFolder(ONE).path)
    const codes: unknown[] = []
    for (const [name, as] of [
      ['1_one', 'applied'],
      ['2_two', 'applied'],
      ['3_three', 'applied'],
      ['1_one', 'rolled-back'],
      ['2_two', 'rolled-back'],
    ] as const) {
      codes.push(await resolveMigration(database, path, name, as).catch((error: { code: string }) => error.code))
    }
    expect(codes).toEqual([
      'MIGRATION_ALREADY_APPLIED',
      'MIGRATION_NOT_FOUND',
      'MIGRATION_NOT_FOUND',
      'MIGRATION_NOT_FAILED',
      'MIGRATION_NEVER_APPLIED',
    ])
    expect(await history(database)).toHaveLength(1)
    await expect(resolveMigration(database, path, '1_one', 'done' as never)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      details: { option: 'as' },
    })
  })

  it('makes no database where there is none', async () => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder(ONE)
    await expect(resolveMigration(database, path, '1_one', 'applied')).rejects.toMatchObject({ code: 'NOT_FOUND' })
    expect(existsSync(database.path)).toBe(false)
  })
})

describe('a folder', () => {
  it('with more migrations than this process may have files open is read', async () => {
    const scripts = Object.fromEntries(
      Array.from({ length: 600 }, (_, n) => [`${1_000 + n}_x`, `CREATE TABLE t${n} (x)`]),
    )
    const { path } = new MigrationFolder(scripts)
    expect(await runChild('migrate-slowly.ts', [scratchPath(), path], [], { maxOpenFiles: 256 })).toMatchObject({
      code: 0,
    })
  })

  it('with a migration that can not be read is refused before anything is applied', async () => {
    const folder = new MigrationFolder(ONE)
    folder.add({ '2_two': null })
    symlinkSync('migration.sql', join(folder.path, '2_two', 'migration.sql'))
    const database = open(scratchPath())
    await expect(migrate(database, folder.path)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(join('2_two', 'migration.sql')) as string,
    })
    expect(existsSync(database.path)).toBe(false)
  })
})

describe('options', () => {
  it('that can not be used are refused', async () => {
    const database = open(scratchPath())
    const { path } = new MigrationFolder(ONE)
    for (const options of [{ timeoutMs: -1 }, { onProgress: 'yes' as never }]) {
      await expect(migrate(database, path, options)).rejects.toMatchObject({
        code: 'CONFIGURATION',
        details: { option: Object.keys(options)[0] },
      })
    }
  })
})
