import { check } from '../contract/check.js'
import { DatabaseError } from '../contract/errors.js'
import type { MigrateOptions, MigrateResult, MigrationProgress } from '../contract/migrations.js'
import { isBusy, isConnectionDoubtful, isFull } from '../engine/sqlite-error.js'
import { milliseconds } from '../file/options.js'
import { excerpt } from '../sql/classify.js'
import { splitStatements } from '../sql/scanner.js'
import { runScript } from '../transaction/script.js'
import type { WriteTransaction } from '../write/write-transaction.js'
import type { WriteTurn } from '../write/write-turn.js'
import { type Migration, readMigrations, scriptOf } from './directory.js'
import { pendingOf } from './history.js'
import { HistoryWriter } from './history-writer.js'
import { historyOf, type MigratedFile } from './migrated-file.js'

/** Another host may be in the middle of a migration that rebuilds a large table. */
const WAIT_MS = 10 * 60_000

/**
 * Applies what the folder has and the database has not, in one turn, as `prisma migrate deploy` does
 * (https://www.prisma.io/docs/orm/prisma-client/deployment/deploy-database-changes-with-prisma-migrate). Asks for no lease
 * where there is nothing to do.
 *
 * @throws DatabaseError `MIGRATION_BASELINE_MISSING`, `MIGRATION_UNRESOLVED`, `MIGRATION_FILE_MISSING`, `MIGRATION_FAILED`, `MIGRATION_PROVIDER_MISMATCH`, `STATEMENT_REFUSED`, `CONFIGURATION`, and what a write may throw
 */
export async function migrate(
  file: MigratedFile,
  directory: string,
  { timeoutMs, onProgress }: MigrateOptions,
): Promise<MigrateResult> {
  const waitMs = milliseconds('timeoutMs', timeoutMs, WAIT_MS)
  check.callback('onProgress', onProgress)
  const migrations = await readMigrations(directory)
  const pending = pendingOf(migrations, await historyOf(file), file.options.path)
  const first = pending[0]
  if (!first) return { applied: [] }
  // What can be known to be wrong stops the deploy before it has begun.
  for (const migration of pending) scriptOf(migration)
  // Where the lease is lost between two of them, the rest is applied in another turn.
  const applied: string[] = []
  await file.inTurn({ what: 'a migration', timeoutMs: waitMs, timeoutOption: 'timeoutMs', mayCreate: true }, (turn) =>
    new Deployment(file, turn, { migrations, applied, onProgress }).run(first),
  )
  return { applied }
}

/** The turn of one deploy. */
class Deployment {
  readonly #file: MigratedFile
  readonly #turn: WriteTurn
  readonly #migrations: readonly Migration[]
  readonly #onProgress: ((event: MigrationProgress) => void) | undefined
  readonly #applied: string[]

  constructor(
    file: MigratedFile,
    turn: WriteTurn,
    deploy: {
      migrations: readonly Migration[]
      applied: string[]
      onProgress: ((event: MigrationProgress) => void) | undefined
    },
  ) {
    this.#file = file
    this.#turn = turn
    this.#migrations = deploy.migrations
    this.#applied = deploy.applied
    this.#onProgress = deploy.onProgress
  }

  async run(first: Migration): Promise<void> {
    let next: Migration | undefined = first
    while (next) next = await this.#apply(next)
  }

  /**
   * One transaction, with the script and its row in it. Which migration is next is asked of the table in the transaction itself,
   * for the lease may have been somebody else's since it was asked before: where it is another one, nothing is done. Returns the one
   * that is next now.
   */
  async #apply(migration: Migration): Promise<Migration | undefined> {
    const script = scriptOf(migration)
    const startedMs = this.#file.options.clock.wallMs()
    let next: Migration | undefined
    let finish: (() => void) | undefined
    let count = 0
    try {
      await runScript(script, this.#turn, this.#file.options, {
        begun: (transaction) => {
          const table = this.#table(transaction)
          const pending = this.#pendingOf(table)
          if (pending[0] !== migration) {
            next = pending[0]
            return false
          }
          next = pending[1]
          count = this.#applied.length + pending.length
          const id = table.started(migration, script)
          finish = () => table.finished(id)
          this.#tell('applying', migration, count)
          return true
        },
        beforeCommit: () => finish?.(),
      })
    } catch (error) {
      throw isScriptsFault(error) ? await this.#failed(migration, script, error, startedMs) : error
    }
    if (finish) {
      this.#tell('applied', migration, count)
      this.#applied.push(migration.name)
    }
    return next
  }

  /** Leaves the row that Prisma would, so that the next deploy asks for a decision instead of failing in the same way. */
  async #failed(migration: Migration, script: string, error: DatabaseError, startedMs: number): Promise<DatabaseError> {
    const why = reasonOf(error, script)
    const record = (table: HistoryWriter) => table.failed(migration, script, why, startedMs)
    const recorded = await this.#recordFailure(migration, record).then(
      () => true,
      () => false,
    )
    const wayOut = recorded
      ? 'It is recorded as failed: when the migration, or the data that it met, is mended, mark it as rolled back with `sqlite-efs migrate resolve`, and deploy again.'
      : 'That could not be recorded: mend the migration, or the data that it met, and deploy again.'
    return new DatabaseError(
      'MIGRATION_FAILED',
      `Migration ${migration.name} failed on ${this.#path}, and nothing of it stays: ${why}. ${wayOut}`,
      { ...error.details, migrations: [migration.name] },
      { cause: error },
    )
  }

  async #recordFailure(migration: Migration, record: (table: HistoryWriter) => void): Promise<void> {
    const transaction = await this.#turn.begin()
    const table = this.#table(transaction)
    // Somebody else may have applied it since.
    if (this.#pendingOf(table).includes(migration)) record(table)
    await transaction.commit()
  }

  #table(transaction: WriteTransaction): HistoryWriter {
    return new HistoryWriter(transaction, () => this.#file.options.clock.wallMs())
  }

  #pendingOf({ history }: HistoryWriter): Migration[] {
    return pendingOf(this.#migrations, history, this.#path)
  }

  get #path(): string {
    return this.#file.options.path
  }

  #tell(type: MigrationProgress['type'], { name }: Migration, count: number): void {
    try {
      this.#onProgress?.({ type, name, index: this.#applied.length, count })
    } catch {
      // A listener's failure must not cost a migration.
    }
  }
}

/** What is wrong with the script or with the data that it met, not with the disk, the lease, or somebody else's lock. */
const isScriptsFault = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError &&
  error.code === 'SQLITE' &&
  !isBusy(error) &&
  !isFull(error) &&
  !isConnectionDoubtful(error)

/** SQLite's words and the statement; a script of several has it in its message already. */
function reasonOf(error: DatabaseError, script: string): string {
  const [only = '', ...others] = splitStatements(script)
  return others.length > 0 ? error.message : `${error.message} (${excerpt(only)})`
}
