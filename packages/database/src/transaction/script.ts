import { DatabaseError } from '../contract/errors.js'
import { excerpt, foreignKeysSetTo, refuseUnreadable, refuseUnsafe, setsWhatIsInForce } from '../sql/classify.js'
import { type Pragmas, settingsInForce } from '../sql/pragmas.js'
import { splitStatements } from '../sql/scanner.js'
import type { WriteTransaction } from '../write/write-transaction.js'
import type { WriteTurn } from '../write/write-turn.js'

/** What belongs to a script's transaction beside its statements. */
export interface AroundScript {
  /** Runs when the transaction has begun. With `false` that was all: nothing is run, and nothing stays. */
  begun(transaction: WriteTransaction): boolean
  /** Runs after the last statement. */
  beforeCommit(): void
}

/** The file that a script runs on. */
export interface ScriptedFile {
  path: string
  pragmas: Pragmas
}

/**
 * Runs a script in one transaction: all of it, or nothing. A script that switches foreign keys off (Prisma's do, to
 * rebuild a table) has them off from before the transaction, since inside one the PRAGMA does nothing and DROP TABLE
 * would cascade; and no row may point nowhere at the end that did not before. However long a statement takes, the event
 * loop goes on, and with it the renewal of the lease.
 *
 * @throws TurnIsOver before anything was begun; DatabaseError `STATEMENT_REFUSED`, `SQLITE` (naming the statement), `WRITE_CONFLICT`, `BUSY`, `COMMIT_UNKNOWN`
 */
export async function runScript(
  script: string,
  turn: WriteTurn,
  { path, pragmas }: ScriptedFile,
  around?: AroundScript,
): Promise<void> {
  refuseUnreadable(script)
  const inForce = settingsInForce(pragmas)
  const all = splitStatements(script)
  for (const sql of all) refuseUnsafe(sql, 'script', inForce)
  // Inside a transaction SQLite refuses some settings even where they change nothing.
  const statements = all.filter((sql) => foreignKeysSetTo(sql) === undefined && !setsWhatIsInForce(sql, inForce))
  if (statements.length === 0 && !around) return
  const keysOff = all.some((sql) => foreignKeysSetTo(sql) === 'off')
  // Statements of earlier transactions may be garbage: see Connection.execInBackground.
  turn.connection.discard()
  try {
    const transaction = await (keysOff ? beginWithoutForeignKeys(turn) : turn.begin())
    if (around?.begun(transaction) === false) return
    if (keysOff) await exec(transaction, `CREATE TEMP TABLE ${BEFORE} AS ${VIOLATIONS}`)
    for (const [index, sql] of statements.entries()) {
      await transaction.guard.stayAlive()
      await runStatement(transaction, sql, index, statements.length)
    }
    const added = keysOff ? await addedViolations(transaction) : 0
    if (added > 0) {
      throw new DatabaseError(
        'SQLITE',
        `FOREIGN KEY constraint failed: the script would leave ${added} rows in ${path} that point nowhere`,
        {
          path,
          extendedCode: 787,
        },
      )
    }
    around?.beforeCommit()
    await transaction.commit({ inBackground: true })
  } finally {
    turn.connection.discard()
  }
}

async function beginWithoutForeignKeys(turn: WriteTurn): Promise<WriteTransaction> {
  let transaction = await turn.begin()
  for (;;) {
    transaction.rollback()
    // After a freeze the connection is gone with its transaction, and the next one has them on again.
    if (turn.connection.isOpen) turn.connection.current.exec('PRAGMA foreign_keys=OFF')
    transaction = await turn.begin()
    if (Number(transaction.connection.value('PRAGMA foreign_keys')) === 0) return transaction
  }
}

/**
 * The rows that point nowhere: table, row, the table they should point to, and which of the keys it is. Those of a table
 * WITHOUT ROWID look alike, and are numbered.
 */
const VIOLATIONS =
  'SELECT *, row_number() OVER (PARTITION BY "table", rowid, parent, fkid) FROM pragma_foreign_key_check'
const BEFORE = 'temp.__sqlite_efs_violations_before'
const ADDED = 'temp.__sqlite_efs_violations_added'

async function addedViolations(transaction: WriteTransaction): Promise<number> {
  await exec(transaction, `CREATE TEMP TABLE ${ADDED} AS ${VIOLATIONS} EXCEPT SELECT * FROM ${BEFORE}`)
  return Number(transaction.connection.value(`SELECT count(*) FROM ${ADDED}`))
}

async function runStatement(transaction: WriteTransaction, sql: string, index: number, count: number): Promise<void> {
  try {
    await exec(transaction, sql)
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code === 'WRITE_CONFLICT' || count === 1) throw error
    throw new DatabaseError(
      error.code,
      `${error.message} (statement ${index + 1} of ${count}: ${excerpt(sql)})`,
      error.details,
      { cause: error },
    )
  }
}

async function exec(transaction: WriteTransaction, sql: string): Promise<void> {
  const { guard } = transaction
  try {
    await transaction.execInBackground(sql)
  } catch (error) {
    // Frozen meanwhile, it may have gone on without its locks, and met what another writer was changing.
    if (!guard.isAlive) await guard.renew()
    throw guard.isAlive ? error : guard.conflict(error)
  }
}
