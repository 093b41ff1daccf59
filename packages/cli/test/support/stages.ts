import { chmodSync, existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DeleteTableCommand, type DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb'
import { type Database, openDatabase } from '@sqlite-efs/database'
import { snapshot } from '@sqlite-efs/database/maintenance'
import type { MigrationStatus } from '@sqlite-efs/database/migrations'
import { migrate, migrationStatus } from '@sqlite-efs/database/migrations'
import type { Lease, Leaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'
import { inject, onTestFinished } from 'vitest'
import { scratchFolder } from './scratch.js'
import { startTable, TABLE } from './table.js'

const SHELL = fileURLToPath(new URL('sqlite3.cjs', import.meta.url))
const INIT = '20261101000000_init'
const INIT_SQL = 'CREATE TABLE "Item" ("id" INTEGER PRIMARY KEY, "name" TEXT NOT NULL);'

/** What a block of the runbook finds: a mounted file system with a database, a project with migrations, and a table. */
export class Stage {
  readonly mount = scratchFolder()
  readonly project = scratchFolder()
  readonly #bin = scratchFolder()
  readonly path = join(this.mount, 'app.db')
  readonly key = `database#${this.path}`
  /** The migration that makes the table. */
  readonly init = INIT
  env: Record<string, string> = {}
  client!: DynamoDBClient
  leaser!: Leaser

  static async set(name: string): Promise<Stage> {
    const stage = new Stage()
    const { env, client, leaser } = await startTable()
    stage.client = client
    stage.leaser = leaser
    stage.env = { ...env, DATABASE_URL: `file:${stage.path}`, PATH: `${stage.#bin}:${process.env['PATH']}` }
    mkdirSync(join(stage.mount, 'backups'))
    stage.#command('npx', `shift; exec ${process.execPath} ${inject('cli')} "$@"`)
    stage.#command('sqlite3', `exec ${process.execPath} ${SHELL} "$@"`)
    stage.migration(INIT, INIT_SQL)
    writeFileSync(join(stage.project, 'prisma/migrations/migration_lock.toml'), 'provider = "sqlite"\n')
    const prepare = STAGES[name]
    if (!prepare) throw new Error(`a page has a stage that no test sets: ${name}`)
    await prepare(stage)
    return stage
  }

  #command(name: string, body: string): void {
    writeFileSync(join(this.#bin, name), `#!/bin/sh\n${body}\n`)
    chmodSync(join(this.#bin, name), 0o755)
  }

  migration(name: string, sql: string): void {
    const folder = join(this.project, 'prisma/migrations', name)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'migration.sql'), sql)
  }

  get migrations(): string {
    return join(this.project, 'prisma/migrations')
  }

  /** Uses the database and closes it. */
  async using<T>(action: (database: Database) => Promise<T>): Promise<T> {
    const database = openDatabase({ path: this.path, leaser: this.leaser, release: 'before-answer' })
    try {
      return await action(database)
    } finally {
      await database.close()
    }
  }

  add(name: string): Promise<unknown> {
    return this.using((database) => database.execute('INSERT INTO Item (name) VALUES (?)', [name]))
  }

  migrationStatus(): Promise<MigrationStatus> {
    return this.using((database) => migrationStatus(database, this.migrations))
  }

  async names(): Promise<unknown[]> {
    const { rows } = await this.using((database) => database.execute('SELECT name FROM Item ORDER BY id'))
    return rows.flat()
  }
}

const live = (stage: Stage) =>
  stage.using(async (database) => {
    await migrate(database, stage.migrations)
    await database.execute("INSERT INTO Item VALUES (1, 'one')")
  })

/** Monday's backup has one row, and the database another one since. */
async function backedUp(stage: Stage): Promise<void> {
  await live(stage)
  await stage.using(async (database) => {
    await snapshot(database, join(stage.mount, 'backups/monday.db'))
    await database.execute("INSERT INTO Item VALUES (2, 'two')")
  })
}

async function deadContender(stage: Stage, aliveUntilMs: number): Promise<void> {
  await live(stage)
  await stage.client.send(
    new UpdateItemCommand({
      TableName: TABLE,
      Key: { pk: { S: stage.key } },
      UpdateExpression: 'SET ticket = :ticket, #t = :ticket, #u = :u, #w = :w',
      ExpressionAttributeNames: { '#t': 't:deadbeef', '#u': 'u:deadbeef', '#w': 'w:deadbeef' },
      ExpressionAttributeValues: {
        ':ticket': { N: '4711' },
        ':u': { N: String(aliveUntilMs) },
        ':w': { S: 'host:88' },
      },
    }),
  )
}

async function djangoLock(stage: Stage, expiresInS: number): Promise<void> {
  await live(stage)
  const expiresAt = Date.now() / 1000 + expiresInS
  const lock = {
    pk: { S: stage.key },
    lock_id: { S: '00000000-1267-4000-8000-000000000000' },
    expires_at: { N: String(expiresAt) },
  }
  await stage.client.send(new PutItemCommand({ TableName: TABLE, Item: lock }))
}

const STAGES: Readonly<Record<string, (stage: Stage) => Promise<unknown> | void>> = {
  'nothing yet': (stage) => stage.client.send(new DeleteTableCommand({ TableName: TABLE })),
  'a live database': live,
  'a dead contender with ticket 4711': (stage) => deadContender(stage, Date.now() - 60_000),
  'a living contender with ticket 4711': async (stage) => {
    await live(stage)
    await stage.leaser.raise(stage.key, 4710)
    const lease: Lease = await stage.leaser.acquire(stage.key, { ttlMs: 600_000 })
    onTestFinished(() => lease.release())
  },
  'a backup, and later writes': backedUp,
  'a broken file': async (stage) => {
    await backedUp(stage)
    writeFileSync(stage.path, 'this is no database any more')
  },
  'a file that lost its end': async (stage) => {
    await live(stage)
    truncateSync(stage.path, statSync(stage.path).size - 1)
  },
  'a failed migration that is mended': async (stage) => {
    await live(stage)
    const name = '20261125120000_add_price'
    stage.migration(name, 'ALTER TABLE "Items" ADD COLUMN "price" INTEGER;')
    await stage.using((database) => migrate(database, stage.migrations)).catch(() => {})
    stage.migration(name, 'ALTER TABLE "Item" ADD COLUMN "price" INTEGER;')
  },
  'tables without a record': async (stage) => {
    await stage.using((database) => database.script(INIT_SQL))
    stage.migration('20261125120000_add_price', 'ALTER TABLE "Item" ADD COLUMN "price" INTEGER;')
  },
  'the table is gone': async (stage) => {
    await live(stage)
    await stage.client.send(new DeleteTableCommand({ TableName: TABLE }))
  },
  'a file in WAL mode': async (stage) => {
    // As Prisma's official adapter and its engine leave one.
    await stage.using((database) => migrate(database, stage.migrations))
    const libsql = new Libsql(stage.path)
    libsql.exec('PRAGMA application_id=0; PRAGMA user_version=0; PRAGMA journal_mode=WAL')
    libsql.close()
    if (existsSync(`${stage.path}-journal`)) rmSync(`${stage.path}-journal`)
  },
  'a dump of a database without a record of migrations': (stage) => {
    const dump = `PRAGMA defer_foreign_keys=TRUE;\n${INIT_SQL}\nINSERT INTO "Item" VALUES (1, 'one');\n`
    writeFileSync(join(stage.project, 'dump.sql'), dump)
  },
  "a lock of Django's": (stage) => djangoLock(stage, 60),
  'a lock that a dead Django left': (stage) => djangoLock(stage, -60),
}
