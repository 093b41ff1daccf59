import { randomUUID } from 'node:crypto'
import type { SqlValue } from '../contract/values.js'
import type { WriteTransaction } from '../write/write-transaction.js'
import { checksumOf } from './checksum.js'
import type { Migration } from './directory.js'
import { type History, type MigrationRecord, readHistory, TABLE } from './history.js'

/** Letter by letter what Prisma's engine sends for SQLite. */
const CREATE_TABLE = `CREATE TABLE "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
);`

/** Writes to `_prisma_migrations` in the writer's open transaction what Prisma's engine would. */
export class HistoryWriter {
  readonly #transaction: WriteTransaction
  readonly #history: History
  readonly #wallMs: () => number
  #hasTable: boolean

  constructor(transaction: WriteTransaction, wallMs: () => number) {
    this.#transaction = transaction
    this.#wallMs = wallMs
    this.#history = readHistory((sql) => transaction.run(sql, [], 'read'))
    this.#hasTable = this.#history.hasTable
  }

  /** As it was when the transaction began. */
  get history(): History {
    return this.#history
  }

  /** A migration is about to be run; returns its row's id. */
  started({ name }: Migration, script: string): string {
    return this.#insert({ checksum: checksumOf(script), started_at: this.#now(), migration_name: name })
  }

  /** It was run to its end. */
  finished(id: string): void {
    this.#run(`UPDATE ${TABLE} SET applied_steps_count = applied_steps_count + 1, finished_at = ? WHERE id = ?`, [
      this.#now(),
      id,
    ])
  }

  /** It failed, and nothing of it is in the database. */
  failed({ name }: Migration, script: string, logs: string, startedMs: number): void {
    this.#insert({ checksum: checksumOf(script), started_at: this.#time(startedMs), migration_name: name, logs })
  }

  /** It was not run, and counts as applied. */
  markApplied({ name }: Migration, script: string): void {
    const now = this.#now()
    this.#insert({
      checksum: checksumOf(script),
      logs: '',
      started_at: now,
      finished_at: now,
      migration_name: name,
    })
  }

  markRolledBack({ id }: MigrationRecord): void {
    this.#run(`UPDATE ${TABLE} SET rolled_back_at = ? WHERE id = ?`, [this.#now(), id])
  }

  #insert(values: Readonly<Record<string, SqlValue>>): string {
    if (!this.#hasTable) this.#transaction.connection.exec(CREATE_TABLE)
    this.#hasTable = true
    const id = randomUUID()
    const columns = ['id', ...Object.keys(values)]
    this.#run(`INSERT INTO ${TABLE} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`, [
      id,
      ...Object.values(values),
    ])
    return id
  }

  #run(sql: string, args: readonly SqlValue[]): void {
    this.#transaction.run(sql, args, 'write')
  }

  #now(): SqlValue {
    return this.#time(this.#wallMs())
  }

  /**
   * A time as the table's other rows have it, for rows are put in order by it: Prisma's command line stores epoch milliseconds,
   * its engine on an adapter a text. Each reads both.
   */
  #time(wallMs: number): SqlValue {
    const asText = typeof this.#history.records.at(-1)?.startedAt === 'string'
    return asText ? new Date(wallMs).toISOString().replace('Z', '+00:00') : BigInt(wallMs)
  }
}
