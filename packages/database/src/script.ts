import { excerpt, refuseUnsafe } from './classify.js'
import { DatabaseError } from './errors.js'
import { normalized, splitStatements } from './sql-scanner.js'
import type { Turn } from './write-queue.js'

/** `PRAGMA foreign_keys = OFF`, in each spelling that SQLite takes; the captured word says what it is set to. */
const FOREIGN_KEYS = /^PRAGMA (?:MAIN \. )?FOREIGN_KEYS (?:=|\() '?"?(\w+)/

/**
 * Runs a script in one transaction: all of it, or nothing. A script that switches foreign keys off (Prisma's do, to
 * rebuild a table) has them off from before the transaction, since inside one the PRAGMA does nothing and DROP TABLE
 * would cascade; and no row may point nowhere at the end that did not before.
 *
 * @throws DatabaseError `STATEMENT_REFUSED`, `SQLITE` (naming the statement), `WRITE_CONFLICT`, `BUSY`, `COMMIT_UNKNOWN`
 */
export async function runScript(script: string, turn: Turn, path: string): Promise<void> {
  const all = splitStatements(script)
  const statements = all.filter((sql) => !FOREIGN_KEYS.test(normalized(sql)))
  for (const sql of statements) refuseUnsafe(sql, 'script')
  if (statements.length === 0) return
  const keysOff = all.some((sql) => /^(OFF|0|FALSE|NO)$/.test(FOREIGN_KEYS.exec(normalized(sql))?.[1] ?? ''))
  try {
    await (keysOff ? beginWithoutForeignKeys(turn) : turn.begin())
    const before = keysOff ? violations(turn) : new Set()
    for (const [index, sql] of statements.entries()) {
      await turn.stayAlive()
      runStatement(turn, sql, index, statements.length)
    }
    const added = keysOff ? [...violations(turn)].filter((violation) => !before.has(violation)).length : 0
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
    await turn.commit()
  } finally {
    if (keysOff) turn.writer.discard()
    else turn.writer.rollback()
  }
}

async function beginWithoutForeignKeys(turn: Turn): Promise<void> {
  await turn.begin()
  turn.writer.rollback()
  turn.writer.connection.exec('PRAGMA foreign_keys=OFF')
  await turn.begin()
  // A connection that was replaced in between has them on again.
  if (Number(turn.writer.connection.value('PRAGMA foreign_keys')) !== 0) await beginWithoutForeignKeys(turn)
}

/** The rows that point nowhere: table, row, the table they should point to, and which of the keys it is. */
const violations = (turn: Turn) =>
  new Set(turn.writer.connection.run('PRAGMA foreign_key_check').rows.map((row) => row.join('\0')))

function runStatement(turn: Turn, sql: string, index: number, count: number): void {
  try {
    turn.writer.exec(sql)
  } catch (error) {
    if (!(error instanceof DatabaseError) || count === 1) throw error
    throw new DatabaseError(
      error.code,
      `${error.message} (statement ${index + 1} of ${count}: ${excerpt(sql)})`,
      error.details,
      { cause: error },
    )
  }
}
