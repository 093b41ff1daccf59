import { existsSync, writeFileSync } from 'node:fs'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { expect, test } from 'vitest'
import { PrismaSqliteEfs } from '../src/index.js'
import { Workbench } from './support/clients.js'
import { SchemaEngine } from './support/schema-engine.js'

const FIRST = `
model Owner {
  id   Int    @id @default(autoincrement())
  name String
  pets Pet[]
}

model Pet {
  id      Int    @id @default(autoincrement())
  name    String @unique
  ownerId Int
  owner   Owner  @relation(fields: [ownerId], references: [id], onDelete: Cascade)
}
`
/** For a column that is no longer required, SQLite's tables are made anew. */
const REBUILT = FIRST.replace('name String\n  pets', 'name String?\n  age  Int @default(7)\n  pets')
const WITHOUT_PETS = `
model Owner {
  id   Int    @id @default(autoincrement())
  name String?
  age  Int    @default(7)
}
`
const INIT = `-- CreateTable
CREATE TABLE "Owner" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL);

-- CreateTable
CREATE TABLE "Pet" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "ownerId" INTEGER NOT NULL,
    CONSTRAINT "Pet_ownerId_fkey" FOREIGN KEY ("ownerId") REFERENCES "Owner" ("id") ON DELETE CASCADE ON UPDATE CASCADE
);

-- CreateIndex
CREATE UNIQUE INDEX "Pet_name_key" ON "Pet"("name");
`
const FILL = `INSERT INTO Owner (id, name) VALUES (1, 'Ada'); INSERT INTO Pet (name, ownerId) VALUES ('Cat', 1)`

const ours = ({ file }: Workbench) => new PrismaSqliteEfs({ url: file, lease: 'local' })
const official = ({ folder }: Workbench) => new PrismaLibSql({ url: `file:${folder}/official.db` })

async function script(factory: SqlMigrationAwareDriverAdapterFactory, sql: string): Promise<void> {
  const adapter = await factory.connect()
  await adapter.executeScript(sql)
  await adapter.dispose()
}

async function rows(factory: SqlMigrationAwareDriverAdapterFactory, sql: string): Promise<unknown[][]> {
  const adapter = await factory.connect()
  const result = await adapter.queryRaw({ sql, args: [], argTypes: [] })
  await adapter.dispose()
  return result.rows
}

const definitions = (factory: SqlMigrationAwareDriverAdapterFactory) =>
  rows(factory, 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name')

/** What a series of pushes leaves behind, step by step. */
async function pushes(factory: SqlMigrationAwareDriverAdapterFactory) {
  const engine = await SchemaEngine.on(factory)
  const states: unknown[] = []
  for (const [models, force] of [
    [FIRST, false],
    [REBUILT, false],
    [REBUILT, false],
    [WITHOUT_PETS, false],
    [WITHOUT_PETS, true],
    [FIRST.replace('String @unique', 'String'), true],
  ] as const) {
    states.push(await engine.push(models, force), await definitions(factory))
    if (models === FIRST) await script(factory, FILL)
    if (models === REBUILT) states.push(await rows(factory, 'SELECT * FROM Owner JOIN Pet ON ownerId = Owner.id'))
  }
  return states
}

test('db push creates, rebuilds and drops tables as with the official adapter', async () => {
  await using bench = new Workbench()
  const states = await pushes(ours(bench))
  expect(states).toEqual(await pushes(official(bench)))
  // A cascade would have taken the cat with the rebuilt table.
  expect(states[4]).toEqual([[1, 'Ada', 7, 1, 'Cat', 1]])
})

async function deployments(factory: SqlMigrationAwareDriverAdapterFactory) {
  const engine = await SchemaEngine.on(factory)
  const init = { '1_init': INIT }
  const states: unknown[] = [await engine.apply(init), await definitions(factory)]
  await script(factory, FILL)
  const next = { ...init, '2_rebuild': rebuild }
  states.push(await engine.apply(next), await engine.apply(next), await definitions(factory))
  states.push(await rows(factory, 'SELECT * FROM Owner JOIN Pet ON ownerId = Owner.id'))
  await engine.markApplied({ ...next, '3_by_hand': 'SELECT 1' }, '3_by_hand')
  const failing = { ...next, '3_by_hand': 'SELECT 1', '4_bad': 'INSERT INTO Nowhere VALUES (1)' }
  await expect(engine.apply(failing)).rejects.toThrow(/Nowhere/)
  states.push(
    await rows(
      factory,
      'SELECT migration_name, checksum, finished_at IS NULL, applied_steps_count FROM _prisma_migrations ORDER BY 1',
    ),
    (await engine.pull()).replaceAll(/ +/g, ' '),
  )
  return states
}

const rebuild = `-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_Owner" ("id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "name" TEXT, "age" INTEGER NOT NULL DEFAULT 7);
INSERT INTO "new_Owner" ("id", "name") SELECT "id", "name" FROM "Owner";
DROP TABLE "Owner";
ALTER TABLE "new_Owner" RENAME TO "Owner";
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
`

test('migrate deploy, resolve and db pull do as with the official adapter', async () => {
  await using bench = new Workbench()
  const states = await deployments(ours(bench))
  expect(states).toEqual(await deployments(official(bench)))
  expect(states).toContainEqual(['1_init'])
})

test('migrate diff applies whole migrations to the shadow database', async () => {
  await using bench = new Workbench()
  const engine = await SchemaEngine.on(ours(bench))
  const migrations = { '1_init': INIT, '2_empty': '-- nothing', '3_rebuild': rebuild }
  expect(await engine.diff(migrations, REBUILT)).toContain('This is an empty migration')
  expect(await engine.diff({ '1_init': INIT }, REBUILT)).toContain('"age" INTEGER NOT NULL DEFAULT 7')
  await expect(engine.diff({ '1_bad': 'CREATE TABLE a (b); INSERT INTO c VALUES (1)' }, REBUILT)).rejects.toThrow(
    /1_bad/,
  )
  // The database itself was not asked for.
  expect(existsSync(bench.file)).toBe(false)
})

test('migrate status sees what is applied, what is missing, and what was edited', async () => {
  await using bench = new Workbench()
  const engine = await SchemaEngine.on(ours(bench))
  await engine.apply({ '1_init': INIT })
  expect(await engine.diagnose({ '1_init': INIT })).toMatchObject({ history: null, editedMigrationNames: [] })
  expect(await engine.diagnose({ '1_init': `${INIT}\n`, '2_rebuild': rebuild })).toMatchObject({
    editedMigrationNames: ['1_init'],
    history: { diagnostic: 'databaseIsBehind', unappliedMigrationNames: ['2_rebuild'] },
  })
})

test('migrate reset empties the tables as with the official adapter', async () => {
  await using bench = new Workbench()
  const after = async (factory: SqlMigrationAwareDriverAdapterFactory) => {
    const engine = await SchemaEngine.on(factory)
    await engine.apply({ '1_init': INIT })
    await script(factory, FILL)
    await engine.reset()
    return [
      await definitions(factory),
      await rows(factory, 'SELECT (SELECT count(*) FROM Owner), (SELECT count(*) FROM Pet)'),
    ]
  }
  expect(await after(ours(bench))).toEqual(await after(official(bench)))
})

test('db execute runs several statements as one script, all or nothing', async () => {
  await using bench = new Workbench()
  const engine = await SchemaEngine.on(ours(bench))
  for (const sql of [`${INIT}; ${FILL}`, `UPDATE Owner SET name = 'Bob; Eve' -- one; two\n WHERE id = 1;`, rebuild]) {
    await engine.execute(sql)
    // With the official adapter, db execute drops all but the first statement.
    await script(official(bench), sql)
  }
  const after = async (factory: SqlMigrationAwareDriverAdapterFactory) => [
    await definitions(factory),
    await rows(factory, 'SELECT * FROM Owner JOIN Pet ON ownerId = Owner.id'),
  ]
  expect(await after(ours(bench))).toEqual(await after(official(bench)))
  await expect(engine.execute('DELETE FROM Pet; INSERT INTO Nowhere VALUES (1)')).rejects.toThrow(/Nowhere/)
  await engine.execute('-- nothing')
  await expect(engine.execute("DELETE FROM Pet; ATTACH 'x' AS x")).rejects.toThrow(/second database/)
  expect(await rows(ours(bench), 'SELECT name FROM Pet')).toEqual([['Cat']])
})

test('a client of Prisma still sends statements one by one', async () => {
  await using bench = new Workbench()
  await script(ours(bench), `${INIT}; ${FILL}`)
  const adapter = await ours(bench).connect()
  adapter.getConnectionInfo?.()
  const both = { sql: 'DELETE FROM Pet; DELETE FROM Owner', args: [], argTypes: [] }
  await expect(adapter.executeRaw(both)).rejects.toThrow(/more than one statement/)
  await adapter.dispose()
})

test('a look at a database that is not there yet leaves nothing behind', async () => {
  await using bench = new Workbench()
  const engine = await SchemaEngine.on(ours(bench))
  await expect(engine.pull()).rejects.toThrow(/introspected database was empty/)
  expect(existsSync(bench.file)).toBe(false)
})

test('what is wrong with the file comes out in our words', async () => {
  await using bench = new Workbench()
  writeFileSync(bench.file, 'Dear diary,\n'.repeat(1000))
  const engine = await SchemaEngine.on(ours(bench))
  await expect(engine.apply({ '1_init': INIT })).rejects.toThrow(bench.file)
})

test('a rebuild that fails leaves the table as it was, and foreign keys on', async () => {
  await using bench = new Workbench()
  const factory = ours(bench)
  await script(factory, `${INIT}; ${FILL}`)
  const adapter = await factory.connect()
  const run = (sql: string) => adapter.executeRaw({ sql, args: [], argTypes: [] })
  await run('PRAGMA foreign_keys=OFF')
  await run('DROP TABLE "Owner"')
  // The cat would belong to nobody.
  await expect(run('PRAGMA foreign_keys=ON')).rejects.toMatchObject({ code: 'P2003' })
  await expect(run('INSERT INTO Pet (name, ownerId) VALUES (1, 99)')).rejects.toMatchObject({ code: 'P2003' })
  await adapter.dispose()
  expect(await rows(factory, 'SELECT name FROM Owner')).toEqual([['Ada']])
})

test('whatever follows sees what was done without foreign keys', async () => {
  await using bench = new Workbench()
  const factory = ours(bench)
  await script(factory, `${INIT}; ${FILL}`)
  const adapter = await factory.connect()
  const run = (sql: string) => adapter.executeRaw({ sql, args: [], argTypes: [] })
  const names = { sql: `SELECT name FROM sqlite_schema WHERE name IN ('a', 'b')`, args: [], argTypes: [] }
  await run('PRAGMA foreign_keys=off')
  await run('CREATE TABLE a (x)')
  expect((await adapter.queryRaw(names)).rows).toEqual([['a']])
  await run('CREATE TABLE b (x)')
  await adapter.dispose()
  expect(await rows(factory, names.sql)).toEqual([['a'], ['b']])
})
