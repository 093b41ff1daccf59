import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { type Database, openDatabase } from '@sqlite-efs/database'
import { migrate, migrationStatus, resolveMigration } from '@sqlite-efs/database/migrations'
import { LocalLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { expect, test } from 'vitest'
import { toPrismaError } from '../src/errors/database-error.js'
import { Workbench } from './support/clients.js'
import { type Migrations, SchemaEngine } from './support/schema-engine.js'

const MIGRATIONS = {
  '1_init': `CREATE TABLE "Owner" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);
CREATE TABLE "Pet" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "ownerId" INTEGER NOT NULL,
    CONSTRAINT "Pet_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "Owner" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);
INSERT INTO "Owner" VALUES (1, 'Ada');
INSERT INTO "Pet" VALUES (1, 1);
`,
  '2_empty': '-- This is an empty migration.',
  '3_rebuild': `-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Owner" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT, "age" INTEGER NOT NULL DEFAULT 7);
INSERT INTO "new_Owner" ("id", "name") SELECT "id", "name" FROM "Owner";
DROP TABLE "Owner";
ALTER TABLE "new_Owner" RENAME TO "Owner";
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
`,
  '4_index': '\uFEFFCREATE INDEX "Owner_näme" ON "Owner" ("name");\r\n',
} satisfies Migrations
const FIRST_TWO = { '1_init': MIGRATIONS['1_init'], '2_empty': MIGRATIONS['2_empty'] }
const FAILING = { ...FIRST_TWO, '3_bad': 'CREATE TABLE "Half" (a);\nINSERT INTO Nowhere VALUES (1);' }

/** Whoever migrates: Prisma's engine, or this project. */
interface Migrator {
  apply(migrations: Migrations): Promise<string[]>
  resolve(migrations: Migrations, name: string, as: 'applied' | 'rolled-back'): Promise<void>
}

const prisma = ({ file }: Workbench): Migrator => {
  const engine = () => SchemaEngine.on(new PrismaLibSql({ url: `file:${file}` }))
  return {
    apply: async (migrations) => (await engine()).apply(migrations),
    resolve: async (migrations, name, as) =>
      as === 'applied' ? (await engine()).markApplied(migrations, name) : (await engine()).markRolledBack(name),
  }
}

const ours = (bench: Workbench): Migrator => ({
  apply: (migrations) =>
    withDatabase(bench, async (database) => (await migrate(database, folderOf(bench, migrations))).applied),
  resolve: (migrations, name, as) =>
    withDatabase(bench, (database) => resolveMigration(database, folderOf(bench, migrations), name, as)),
})

async function withDatabase<T>({ file }: Workbench, body: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({ path: file, leaser: new LocalLeaser() })
  try {
    return await body(database)
  } catch (error) {
    throw toPrismaError(error)
  } finally {
    await database.close()
  }
}

let folders = 0
/** The migrations on disk, as `prisma migrate dev` leaves them. */
function folderOf({ folder }: Workbench, migrations: Migrations): string {
  const path = join(folder, `migrations-${folders++}`)
  for (const [name, script] of Object.entries(migrations)) {
    mkdirSync(join(path, name), { recursive: true })
    writeFileSync(join(path, name, 'migration.sql'), script)
  }
  writeFileSync(join(path, 'migration_lock.toml'), 'provider = "sqlite"\n')
  return path
}

/** Everything in the file but ids, times and the words of errors, which are no two times the same. */
function contents({ file }: Workbench): unknown[] {
  const libsql = new Libsql(file)
  const all = (sql: string) => libsql.prepare(sql).raw().all([])
  try {
    return [
      all('SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name'),
      all(
        `SELECT migration_name, checksum, applied_steps_count, length(id), finished_at IS NULL, rolled_back_at IS NULL,
           logs IS NULL, logs = '', finished_at >= started_at, rolled_back_at >= started_at
         FROM _prisma_migrations ORDER BY started_at, rowid`,
      ),
      all('SELECT * FROM Owner JOIN Pet ON ownerId = Owner.id'),
    ]
  } finally {
    libsql.close()
  }
}

/** What became of a step: names, or a code. Prisma's engine has no code of its own for a script that fails on an adapter. */
const outcome = (step: Promise<unknown>) =>
  step.catch((error: { code?: string }) => `failed: ${error.code === 'P3018' ? undefined : error.code}`)

type Step = (migrator: Migrator) => Promise<unknown>
const apply =
  (migrations: Migrations): Step =>
  (migrator) =>
    migrator.apply(migrations)
const resolve =
  (name: string, as: 'applied' | 'rolled-back', migrations: Migrations = MIGRATIONS): Step =>
  (migrator) =>
    migrator.resolve(migrations, name, as)

/** Two ways to the same contents: who takes which step does not matter. */
async function play(steps: readonly Step[], owner: readonly ((bench: Workbench) => Migrator)[]) {
  await using bench = new Workbench()
  const outcomes: unknown[] = []
  for (const [index, step] of steps.entries()) outcomes.push(await outcome(step(owner[index % owner.length]!(bench))))
  return { outcomes, contents: contents(bench) }
}

const STORIES: Readonly<Record<string, Step[]>> = {
  'two deploys, with a table rebuilt under rows that point to it': [apply(FIRST_TWO), apply(MIGRATIONS)],
  'a deploy with nothing to do': [apply(MIGRATIONS), apply(MIGRATIONS)],
  'a file that was edited since': [apply(FIRST_TWO), apply({ ...MIGRATIONS, '1_init': '-- edited' })],
  'a folder that is gone, and one that comes before others': [
    apply({ '1_init': MIGRATIONS['1_init'], '3_rebuild': MIGRATIONS['3_rebuild'] }),
    apply(FIRST_TWO),
  ],
  'a baseline': [apply(FIRST_TWO), resolve('4_index', 'applied'), apply(MIGRATIONS)],
  'what resolve refuses': [
    apply(FIRST_TWO),
    resolve('1_init', 'applied'),
    resolve('1_init', 'rolled-back'),
    resolve('9_none', 'applied'),
    resolve('9_none', 'rolled-back'),
    resolve('4_index', 'rolled-back'),
  ],
}

test.each(Object.entries(STORIES))('%s: Prisma’s engine and ours leave the same, in any order', async (_, steps) => {
  const byPrisma = await play(steps, [prisma])
  expect(await play(steps, [ours])).toEqual(byPrisma)
  expect(await play(steps, [prisma, ours])).toEqual(byPrisma)
  expect(await play(steps, [ours, prisma])).toEqual(byPrisma)
})

/** Ours undoes the half that Prisma's engine leaves, so only what comes of the rows can be the same. */
const FAILURES: Readonly<Record<string, Step[]>> = {
  'a failure, and a deploy after it': [apply(FAILING), apply(FAILING), apply({ ...FAILING, '4_next': 'SELECT 1' })],
  'a failure that is marked as rolled back, twice, and mended': [
    apply(FAILING),
    resolve('3_bad', 'rolled-back'),
    resolve('3_bad', 'rolled-back'),
    apply({ ...FIRST_TWO, '3_bad': 'CREATE TABLE "Whole" (a)' }),
    resolve('3_bad', 'applied', FAILING),
    resolve('3_bad', 'rolled-back'),
  ],
  'a failure that was completed by hand': [
    apply(FAILING),
    resolve('3_bad', 'applied', FAILING),
    apply({ ...FAILING, '4_next': 'SELECT 1' }),
  ],
}

test.each(Object.entries(FAILURES))('%s: the rows are the same, whoever goes on', async (_, steps) => {
  const byPrisma = await play(steps, [prisma])
  const rowsOf = ({ outcomes, contents: [, rows] }: Awaited<ReturnType<typeof play>>) => ({ outcomes, rows })
  expect(rowsOf(await play(steps, [ours]))).toEqual(rowsOf(byPrisma))
  expect(rowsOf(await play(steps, [prisma, ours]))).toEqual(rowsOf(byPrisma))
  expect(rowsOf(await play(steps, [ours, prisma]))).toEqual(rowsOf(byPrisma))
})

test('nothing of a migration that failed stays, where Prisma’s engine leaves a half', async () => {
  const half = ({ contents: [schema] }: { contents: unknown[] }) => JSON.stringify(schema).includes('"Half"')
  expect(half(await play([apply(FAILING)], [prisma]))).toBe(true)
  expect(half(await play([apply(FAILING)], [ours]))).toBe(false)
})

const SEEDS: Readonly<Record<string, string>> = {
  'no table': '',
  'a table': 'CREATE TABLE a (x)',
  'a view only': 'CREATE VIEW v AS SELECT 1',
  'another program’s table': 'CREATE TABLE _cf_KV (x)',
  'a table of almost the same name': 'CREATE TABLE _prisma_migrations_old (x)',
  'a fence': 'PRAGMA application_id=1397835078; PRAGMA user_version=7',
}

test.each(Object.entries(SEEDS))('a database with %s counts as empty, or is P3005, as with Prisma', async (_, seed) => {
  const outcomes = await Promise.all(
    [prisma, ours].map(async (owner) => {
      await using bench = new Workbench()
      const libsql = new Libsql(bench.file)
      libsql.exec(`PRAGMA journal_mode=PERSIST; ${seed || 'SELECT 1'}`)
      libsql.close()
      return await outcome(owner(bench).apply(FIRST_TWO))
    }),
  )
  expect(outcomes[1]).toEqual(outcomes[0])
})

test('the status is what Prisma’s engine diagnoses', async () => {
  await using bench = new Workbench()
  await ours(bench).apply(MIGRATIONS)
  await outcome(ours(bench).apply({ ...MIGRATIONS, '5_bad': 'SELEC 1' }))
  const { '2_empty': _, ...others } = MIGRATIONS
  const now = {
    ...others,
    '1_init': '-- edited',
    '4_index': MIGRATIONS['4_index'].replace('\r', ''),
    '6_new': 'SELECT 6',
  }
  const engine = await SchemaEngine.on(new PrismaLibSql({ url: `file:${bench.file}` }))
  const diagnosis = await engine.diagnose({ ...now, '5_bad': 'SELEC 1' })
  const status = await withDatabase(bench, (database) =>
    migrationStatus(database, folderOf(bench, { ...now, '5_bad': 'SELEC 1' })),
  )
  expect(diagnosis).toMatchObject({
    hasMigrationsTable: status.hasMigrationsTable,
    failedMigrationNames: status.failed,
    editedMigrationNames: status.edited,
    history: { unappliedMigrationNames: status.pending, unpersistedMigrationNames: status.missing },
  })
  expect(status).toMatchObject({ failed: ['5_bad'], edited: ['1_init'], pending: ['6_new'], missing: ['2_empty'] })
})

test.each([
  ['integers, as Prisma’s command line stores them, in a new database', [ours], ['integer']],
  ['text, as its engine stores them on an adapter, where the database has such', [prisma, ours], ['text']],
])('times are %s', async (_, owner, types) => {
  await using bench = new Workbench()
  await owner[0]!(bench).apply(FIRST_TWO)
  await owner.at(-1)!(bench).apply(MIGRATIONS)
  await outcome(owner.at(-1)!(bench).apply({ ...MIGRATIONS, '5_bad': 'SELEC 1' }))
  await owner.at(-1)!(bench).resolve(MIGRATIONS, '5_bad', 'rolled-back')
  const libsql = new Libsql(bench.file)
  const found = libsql
    .prepare(
      `SELECT DISTINCT value FROM (SELECT typeof(started_at) AS value FROM _prisma_migrations UNION ALL
         SELECT typeof(finished_at) FROM _prisma_migrations UNION ALL SELECT typeof(rolled_back_at) FROM _prisma_migrations)
       WHERE value <> 'null'`,
    )
    .raw()
    .all([])
  libsql.close()
  expect(found.flat()).toEqual(types)
})
