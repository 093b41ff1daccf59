import type Libsql from 'libsql'
import { DatabaseError } from '../contract/errors.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import { excerpt, kindByCommand, kindByFirstWords, refuseOfConnection, type StatementScope } from '../sql/classify.js'
import { type Pragmas, pragmaScript, settingsInForce } from '../sql/pragmas.js'
import { identityOf } from './file-identity.js'
import { countLeftOpen } from './libsql-handles.js'
import { type Prepared, PreparedStatements } from './prepared-statements.js'
import { connectionFunctionOf, Schema } from './schema.js'
import {
  asDatabaseError,
  isConnectionDoubtful,
  isNotADatabase,
  isReadOnly,
  notADatabase,
  wrongJournalMode,
} from './sqlite-error.js'
import { openLibsql } from './vfs.js'

/** How a connection opens the file. */
export interface ConnectionOptions {
  path: string
  mode: 'read-only' | 'read-write'
  pragmas: Pragmas
  /** SQLite's VFS: only tests name one, to switch SQLite's own locks off. @default SQLite's own for the platform */
  vfs?: string | undefined
  /** The file is changed by nobody: no locks are taken, and no journal is looked for. */
  immutable?: boolean
  /** The file that is opened in place of `path`: a copy of it, for which errors name the original. @default `path` */
  file?: string
}

/** What a {@link Connection} offers; in a simulation it is not libsql that does. */
export type FileConnection = Pick<Connection, keyof Connection>

/**
 * One libsql connection. BUSY is met only in {@link Connection.exec}: a prepared statement of libsql's that fails with it
 * keeps its lock until it is garbage collected, so locks are taken by `exec`, and prepared statements run where the
 * lock is held already.
 */
export class Connection {
  readonly #path: string
  readonly #mode: ConnectionOptions['mode']
  readonly #libsql: Libsql.Database
  readonly #identity: string | undefined
  readonly #prepared: PreparedStatements
  #isBusy = false
  #isClosed = false
  #isWritable = false
  #doubt: DatabaseError | undefined
  #schemaVersion: SqlValue | undefined
  #schema: Schema | undefined

  /** @throws DatabaseError; `SQLITE` with BUSY when somebody is committing: try again. */
  constructor(options: ConnectionOptions) {
    this.#path = options.path
    this.#mode = options.mode
    const mode = options.mode === 'read-only' ? 'ro' : 'rw'
    this.#identity = identityOf(options.path)
    const { vfs, immutable, file = options.path } = options
    this.#libsql = this.#translated(() => openLibsql(file, { mode, vfs, immutable }))
    this.#prepared = new PreparedStatements(this.#libsql, settingsInForce(options.pragmas))
    try {
      // In this order: PERSIST alone would read the schema first, recover a crash in DELETE mode, and delete the journal.
      this.exec(
        'PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=PERSIST; PRAGMA locking_mode=NORMAL; SELECT 1 FROM sqlite_schema LIMIT 1',
      )
      this.exec(pragmaScript(options.pragmas))
      const journalMode = this.value('PRAGMA journal_mode')
      if (journalMode !== 'persist') throw wrongJournalMode(options.path, journalMode)
    } catch (error) {
      this.close()
      throw error
    }
  }

  get inTransaction(): boolean {
    // Asked while a statement runs in the background, libsql would block until it ends.
    return this.#isBusy || this.#libsql.inTransaction
  }

  /** Whether another file stands at the path by now, or none. */
  get isMoved(): boolean {
    return identityOf(this.#path) !== this.#identity
  }

  /**
   * The first error that this connection met after which its locks and pages may be worth nothing: an I/O error, a malformed page, a
   * file that is open for reading only.
   * Once there is one, the connection must not be used for anything new.
   */
  get doubt(): DatabaseError | undefined {
    return this.#doubt
  }

  /** Runs statements without parameters and without results. The only place where locks are taken. */
  exec(sql: string): void {
    this.#translated(() => this.#libsql.exec(sql))
  }

  /**
   * Like {@link Connection.exec} in an open transaction, but in a thread of libsql's: the event loop goes on. Nothing
   * else may be asked of the connection meanwhile, and no statement of it may be left to the garbage collector, which
   * would block the event loop until the connection is free.
   */
  async execInBackground(sql: string): Promise<void> {
    const { default: AsyncLibsql } = await import('libsql/promise')
    this.#isBusy = true
    try {
      // The two halves of libsql share the native connection, and only their JavaScript differs.
      await AsyncLibsql.prototype.exec.call(this.#libsql, sql)
    } catch (error) {
      throw this.#asTyped(error)
    } finally {
      this.#isBusy = false
    }
  }

  /** Runs one statement where the lock that it needs is held. */
  run(sql: string, args: readonly SqlValue[] = []): ResultSet {
    try {
      const prepared = this.#prepared.of(sql)
      // What is not given would keep the value that somebody else gave before.
      if (args.length !== prepared.parameters) throw wrongCount(sql, prepared.parameters, args.length)
      try {
        return prepared.returnsRows ? this.#query(prepared, args) : this.#change(sql, prepared, args)
      } finally {
        this.#prepared.noteBound(sql, prepared, args)
      }
    } catch (error) {
      throw this.#asTyped(error)
    }
  }

  #query({ statement, columns, isExplain }: Prepared, args: readonly SqlValue[]): ResultSet {
    const rows = statement.all(args as unknown[]) as SqlValue[][]
    // libsql leaves an explained write open, and nothing could be committed then: this resets it.
    if (isExplain) statement.get(args as unknown[])
    return { columns, rows, changes: rows.length }
  }

  #change(sql: string, prepared: Prepared, args: readonly SqlValue[]): ResultSet {
    const { statement, columns, isDefinition, isPragma, isInForce } = prepared
    if (isInForce) return { columns, rows: [], changes: 0 }
    if (isPragma) {
      // libsql takes one step of it, and leaves open what takes more (incremental_vacuum): nothing could be committed.
      this.#libsql.exec(sql)
      return { columns, rows: [], changes: 0 }
    }
    const { changes } = statement.run(args as unknown[])
    if (isDefinition) this.forgetStatements()
    return { columns, rows: [], changes }
  }

  /** The one value of a one-row, one-column query without parameters. */
  value(sql: string): SqlValue {
    // A third of what run() costs: these are asked for at each BEGIN.
    return this.#translated(() => (this.#prepared.of(sql).statement.get([]) as SqlValue[] | undefined)?.[0] ?? null)
  }

  /**
   * Asks SQLite whether a statement writes, by preparing it: https://www.sqlite.org/c3ref/stmt_readonly.html. EXPLAIN
   * would tell too, but libsql leaves an explained write open, and then nothing can be committed.
   */
  kindOf(sql: string, scope: StatementScope): StatementKind {
    const known = kindByFirstWords(sql)
    if (known) return known
    const prepared = this.#translated(() => this.#prepared.of(sql))
    if (scope === 'alone') this.mustNotAskConnection(sql)
    const byCommand = kindByCommand(sql)
    if (byCommand) return byCommand
    // SQLite keeps the statement's text up to its semicolon; what was prepared last comes first. It lists each statement that was not
    // collected as garbage yet, and there may be thousands.
    const readOnly = this.run(
      "SELECT ro FROM sqlite_stmt WHERE substr(?1, 1, length(sql)) = sql AND sql <> '' LIMIT 1",
      [sql],
    ).rows[0]?.[0]
    // Used last: a statement that is not kept must not be collected before SQLite was asked about it.
    return readOnly === 1n && prepared ? 'read' : 'write'
  }

  /**
   * Refuses a statement outside a transaction that asks for the connection's last change by a view, a default or the like. Asked in
   * each window and turn: a schema may ask since the statement's kind was found out. Needs a lock.
   *
   * @throws DatabaseError `STATEMENT_REFUSED`
   */
  mustNotAskConnection(sql: string): void {
    if (kindByFirstWords(sql)) return
    // After a definition of the same transaction, which may be rolled back: so the schema is not kept.
    const { asksConnection } = this.#schema ?? this.#readSchema()
    if (!asksConnection) return
    const prepared = this.#translated(() => this.#prepared.of(sql))
    if (prepared.asksNothing) return
    refuseOfConnection(sql, connectionFunctionOf(this.run(`EXPLAIN ${sql}`, noValues(prepared)).rows))
    prepared.asksNothing = true
  }

  /**
   * Reads the schema when it is another than at the last call, and drops the statements prepared before: their columns may be others.
   * Needs a lock.
   *
   * @throws DatabaseError `CONFIGURATION` where the schema reaches out of the database
   */
  noticeSchema(): void {
    const version = this.value('PRAGMA schema_version')
    if (version === this.#schemaVersion) return
    this.forgetStatements()
    // SQLite reads a schema that another connection changed when a statement that depends on it takes its first step; neither BEGIN nor
    // that PRAGMA does. libsql asks for a statement's columns before its first step.
    this.#schema = this.#readSchema()
    this.#schemaVersion = version
  }

  #readSchema(): Schema {
    const { rows } = this.run('SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL')
    return this.#translated(() => new Schema(rows, this.#path))
  }

  /**
   * Asks, once, whether the file is open for writing. Where that fails, SQLite opens it for reading only and says nothing, and then
   * BEGIN IMMEDIATE takes no write lock. In a write transaction.
   *
   * @throws DatabaseError `CONFIGURATION`
   */
  mustBeWritable(): void {
    if (this.#isWritable) return
    this.exec('UPDATE sqlite_dbpage SET data = data WHERE 0')
    this.#isWritable = true
  }

  /**
   * The file's change counter (https://www.sqlite.org/fileformat2.html#file_change_counter) as this connection sees it: each COMMIT
   * raises it by one. Needs a lock.
   */
  changeCounter(): SqlValue {
    return this.value('SELECT hex(substr(data, 25, 4)) FROM sqlite_dbpage WHERE pgno = 1')
  }

  /** Rows changed since the connection was opened, by triggers and foreign keys too. Needs no lock. */
  totalChanges(): number {
    return Number(this.value('SELECT total_changes()'))
  }

  /** Whether the schema says something that makes a difference to statements that share a transaction. Needs a lock. */
  hasDeferredKeys(): boolean {
    if (!this.#schema) this.noticeSchema()
    return this.#schema?.hasDeferredKeys ?? false
  }

  forgetStatements(): void {
    this.#schema = undefined
    this.#schemaVersion = undefined
    this.#prepared.forget()
  }

  /** Ends what is open and gives locks and file back. Never throws: there is nothing left to do about it. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      if (this.inTransaction) this.#libsql.exec('ROLLBACK')
    } catch {
      // The connection is on its way out.
    }
    this.#prepared.clear()
    try {
      this.#libsql.close()
    } catch {
      // As above.
    }
    if (this.#prepared.hasAny) countLeftOpen()
  }

  #translated<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw this.#asTyped(error)
    }
  }

  #asTyped(error: unknown): unknown {
    const typed = isNotADatabase(error) ? notADatabase(this.#path, error) : asDatabaseError(error, this.#path)
    if (typed instanceof DatabaseError && this.#castsDoubt(typed)) this.#doubt ??= typed
    return typed
  }

  #castsDoubt(error: DatabaseError): boolean {
    return isConnectionDoubtful(error) || (this.#mode === 'read-write' && isReadOnly(error))
  }
}

const noValues = ({ parameters }: Prepared) => Array.from({ length: parameters }, () => null)

const wrongCount = (sql: string, wanted: number, given: number) =>
  new DatabaseError(
    'INVALID_ARGUMENT',
    `${excerpt(sql)} has ${wanted} parameters, and ${given} values were given: give one for each, null where there is none.`,
  )
