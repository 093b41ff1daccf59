import type { ResultSet, SqlValue } from '../contract/values.js'
import { isConstraint } from '../engine/sqlite-error.js'
import type { Answer } from './job.js'
import type { WriteTransaction } from './write-transaction.js'
import type { WriteTurn } from './write-turn.js'

/** One statement that writes, and who waits for it. */
export interface Write {
  sql: string
  args: readonly SqlValue[]
  resolve(result: ResultSet): void
  reject(error: unknown): void
}

/** So long at the most a group's statements keep the event loop, and the lease's renewal, waiting. */
const MAX_GROUP_MS = 50

/** What became of writes that shared a turn. */
export interface GroupOutcome<W = Write> {
  /** Settles the first `done` of them. */
  answer: Answer
  /** How many were dealt with; nothing of the others was committed: they have another turn. */
  done: number
  /** Those of the others that must have a turn of their own. */
  alone: readonly W[]
}

/**
 * Runs writes that wait together in one transaction with one COMMIT. Each must come out as if it had been alone:
 *
 * - A statement that fails undoes itself and nothing else (https://www.sqlite.org/lang_conflict.html: ABORT), or keeps
 *   what it did (OR FAIL), exactly as in a transaction of its own. No savepoint is needed for that.
 * - One at which the whole transaction ends (OR ROLLBACK, SQLITE_FULL, an I/O error) needs a turn of its own; where COMMIT meets a
 *   violated constraint, each does. Nothing was committed then.
 * - A deferred foreign key that one violates another might satisfy: where the schema has one, each needs a turn of its own.
 *
 * No promise is settled before COMMIT. After an I/O error in COMMIT nothing is run again. When their statements have taken {@link MAX_GROUP_MS},
 * those that ran are committed, and the others wait for the next turn.
 *
 * @throws TurnIsOver, DatabaseError: nothing was begun
 */
export async function groupCommit(writes: readonly Write[], turn: WriteTurn): Promise<GroupOutcome> {
  const [only, ...others] = writes
  if (only && others.length === 0) return { answer: await runAlone(only, turn), done: 1, alone: [] }
  const transaction = await turn.begin()
  if (needsToBeAlone(transaction, turn)) return torn(writes)
  const startedMs = transaction.openMs
  const answers: Answer[] = []
  for (const write of writes) {
    answers.push(runOne(write, transaction))
    if (!transaction.isOpen || transaction.isDoubtful) {
      turn.connection.discard()
      return torn([write])
    }
    if (transaction.openMs - startedMs > MAX_GROUP_MS) break
  }
  const done = answers.length
  try {
    await confirm(transaction)
    await transaction.commit()
    return { answer: inOrder(answers), done, alone: [] }
  } catch (error) {
    if (isConstraint(error)) return torn(writes)
    return { answer: inOrder(writes.slice(0, done).map((write) => () => write.reject(error))), done, alone: [] }
  }
}

const torn = (alone: readonly Write[]): GroupOutcome => ({ answer: () => {}, done: 0, alone })

function needsToBeAlone(transaction: WriteTransaction, { connection }: WriteTurn): boolean {
  try {
    if (!transaction.connection.hasDeferredKeys()) return false
    transaction.rollback()
  } catch {
    connection.discard()
  }
  return true
}

/** @throws TurnIsOver, DatabaseError: nothing was begun */
async function runAlone(write: Write, turn: WriteTurn): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const transaction = await turn.begin()
    const answer = runOne(write, transaction)
    // Nothing was committed, and a fresh connection may do better: the file was replaced, the old locks are gone.
    if (transaction.isDoubtful && tries === 0) {
      transaction.rollback()
      continue
    }
    try {
      await confirm(transaction)
      if (transaction.isOpen) await transaction.commit()
      else turn.connection.discard()
      return answer
    } catch (error) {
      return () => write.reject(error)
    }
  }
}

/**
 * What the statements found may be given out only if no other process had the lease meanwhile. A COMMIT asks for itself; of what changed
 * nothing there is none.
 *
 * @throws DatabaseError `WRITE_CONFLICT`: nothing stays
 */
async function confirm(transaction: WriteTransaction): Promise<void> {
  if (transaction.guard.isAlive) return
  try {
    await transaction.guard.stayAlive()
  } catch (error) {
    transaction.rollback()
    throw error
  }
}

function runOne(write: Write, transaction: WriteTransaction): Answer {
  try {
    transaction.connection.mustNotAskConnection(write.sql)
    const result = transaction.run(write.sql, write.args, 'write')
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
