import { type Database, openDatabase, type Transaction } from '@sqlite-efs/database'
import { DynamoDBLeaser } from '@sqlite-efs/lease'
import Libsql from 'libsql'

/** Who opens the file, and how. */
export interface SubjectOptions {
  /** `ours`: the packages as users have them. `raw`: libsql alone, for controls. */
  kind: 'ours' | 'raw'
  path: string
  leaseKey: string
  tableName: string
  /** Of `raw`. */
  journalMode?: 'DELETE' | 'TRUNCATE' | 'PERSIST'
  /** Of `raw`: pages that it keeps in memory before it writes uncommitted ones to the file. */
  cachePages?: number
  timeoutMs?: number
  ttlMs?: number
}

/** SQL, and its parameters. */
export interface Statement {
  sql: string
  args?: (string | number)[]
}

export type Row = (number | string | null)[]

/** One user of the file in one process. */
export interface Subject {
  query(statement: Statement): Promise<Row[]>
  begin(mode?: 'immediate' | 'deferred'): Promise<void>
  /** Runs a statement in the open transaction. */
  run(statement: Statement): Promise<Row[]>
  commit(): Promise<void>
  rollback(): Promise<void>
  script(sql: string): Promise<void>
  close(): Promise<void>
}

export function openSubject(options: SubjectOptions): Subject {
  return options.kind === 'ours' ? new Ours(options) : new Raw(options)
}

const plain = (rows: readonly (readonly unknown[])[]): Row[] =>
  rows.map((row) => row.map((value) => (typeof value === 'bigint' ? Number(value) : (value as string | null))))

/** SQLite's integers are bigints. */
const bound = (args: readonly (string | number)[] = []) =>
  args.map((value) => (typeof value === 'number' ? BigInt(value) : value))

class Ours implements Subject {
  readonly #database: Database
  #transaction: Transaction | undefined

  constructor({ path, leaseKey, tableName, timeoutMs = 5000, ttlMs = 6000 }: SubjectOptions) {
    const leaser = new DynamoDBLeaser({ tableName, ttlMs })
    // As the adapter opens it for Prisma.
    const followUpMicrotasks = 13
    this.#database = openDatabase({
      path,
      leaser,
      leaseKey,
      timeoutMs,
      transactionTimeoutMs: timeoutMs,
      followUpMicrotasks,
    })
  }

  async query({ sql, args }: Statement): Promise<Row[]> {
    return plain((await this.#database.execute(sql, bound(args))).rows)
  }

  async begin(mode: 'immediate' | 'deferred' = 'immediate'): Promise<void> {
    this.#transaction = await this.#database.transaction({ mode })
  }

  async run({ sql, args }: Statement): Promise<Row[]> {
    return plain((await this.#open.execute(sql, bound(args))).rows)
  }

  commit(): Promise<void> {
    return this.#open.commit()
  }

  rollback(): Promise<void> {
    return this.#open.rollback()
  }

  script(sql: string): Promise<void> {
    return this.#database.script(sql)
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  get #open(): Transaction {
    if (!this.#transaction) throw new Error('begin first')
    return this.#transaction
  }
}

class Raw implements Subject {
  readonly #libsql: Libsql.Database

  constructor({ path, journalMode = 'DELETE', cachePages }: SubjectOptions) {
    // SQLite's own VFS, as the product has it: libsql's default takes a failed read for a good one.
    this.#libsql = new Libsql(`file:${path}?vfs=unix`)
    this.#libsql.exec('PRAGMA busy_timeout=5000')
    if (journalMode === 'PERSIST') {
      this.#libsql.exec('PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=PERSIST; PRAGMA locking_mode=NORMAL')
    } else this.#libsql.exec(`PRAGMA journal_mode=${journalMode}`)
    this.#libsql.exec('PRAGMA synchronous=FULL; SELECT 1 FROM sqlite_schema')
    if (cachePages) this.#libsql.exec(`PRAGMA cache_size=${cachePages}; PRAGMA cache_spill=ON`)
  }

  async query(statement: Statement): Promise<Row[]> {
    return this.run(statement)
  }

  async begin(): Promise<void> {
    this.#libsql.exec('BEGIN IMMEDIATE')
  }

  async run({ sql, args = [] }: Statement): Promise<Row[]> {
    const statement = this.#libsql.prepare(sql)
    if (statement.reader) return plain(statement.raw().all(args) as unknown[][])
    statement.run(args)
    return []
  }

  async commit(): Promise<void> {
    this.#libsql.exec('COMMIT')
  }

  async rollback(): Promise<void> {
    this.#libsql.exec('ROLLBACK')
  }

  async script(sql: string): Promise<void> {
    this.#libsql.exec(sql)
  }

  async close(): Promise<void> {
    this.#libsql.close()
  }
}
