import { isConstraint } from './sqlite-error.js'
import type { ResultSet, SqlValue } from './statement.js'
import type { Answer, Turn } from './write-queue.js'

/** One statement that writes, and who waits for it. */
export interface Write {
  sql: string
  args: readonly SqlValue[]
  resolve(result: ResultSet): void
  reject(error: unknown): void
}

/** The transaction of all ended in the middle (INSERT OR ROLLBACK, a full disk): what was run before is gone. */
const TORN = Symbol('torn')

/**
 * Runs writes that wait together in one transaction with one COMMIT. Each must come out as if it had been alone:
 *
 * - A statement that fails undoes itself and nothing else (https://www.sqlite.org/lang_conflict.html: ABORT), or keeps
 *   what it did (OR FAIL), exactly as in a transaction of its own. No savepoint is needed for that.
 * - Where the whole transaction ends (OR ROLLBACK, SQLITE_FULL, an I/O error), or COMMIT meets a violated constraint, nothing was
 *   committed: all are run again, one by one.
 * - A deferred foreign key that one violates another might satisfy: where the schema has one, each runs alone.
 *
 * No promise is settled before COMMIT. After an I/O error in COMMIT nothing is run again.
 */
export async function groupCommit(writes: readonly Write[], turn: Turn): Promise<Answer> {
  if (writes.length > 1) {
    const together = await runTogether(writes, turn)
    if (together !== TORN) return together
  }
  const answers: Answer[] = []
  for (const write of writes) answers.push(await runAlone(write, turn))
  return inOrder(answers)
}

async function runTogether(writes: readonly Write[], turn: Turn): Promise<Answer | typeof TORN> {
  try {
    await turn.begin()
  } catch (error) {
    return inOrder(writes.map((write) => () => write.reject(error)))
  }
  try {
    if (turn.writer.connection.hasDeferredKeys()) {
      turn.writer.rollback()
      return TORN
    }
  } catch {
    turn.writer.discard()
    return TORN
  }
  const answers: Answer[] = []
  for (const write of writes) {
    answers.push(runOne(write, turn))
    if (!turn.writer.inTransaction || turn.writer.isDoubtful) {
      turn.writer.discard()
      return TORN
    }
  }
  try {
    await turn.commit()
    return inOrder(answers)
  } catch (error) {
    return isConstraint(error) ? TORN : inOrder(writes.map((write) => () => write.reject(error)))
  }
}

async function runAlone(write: Write, turn: Turn): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    try {
      await turn.begin()
      const answer = runOne(write, turn)
      // Nothing was committed, and a fresh connection may do better: the file was replaced, the old locks are gone.
      if (turn.writer.isDoubtful && tries === 0) turn.writer.rollback()
      else {
        if (turn.writer.inTransaction) await turn.commit()
        else turn.writer.discard()
        return answer
      }
    } catch (error) {
      return () => write.reject(error)
    }
  }
}

function runOne(write: Write, turn: Turn): Answer {
  try {
    const result = turn.writer.run(write.sql, write.args, 'write')
    return () => write.resolve(result)
  } catch (error) {
    return () => write.reject(error)
  }
}

const inOrder = (answers: readonly Answer[]): Answer => {
  return () => {
    for (const answer of answers) answer()
  }
}
