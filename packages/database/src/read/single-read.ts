import type { ResultSet, SqlValue } from '../contract/values.js'
import type { Connection } from '../engine/connection.js'
import type { ReadOutcome } from './waiting-reads.js'

/** One statement, as its caller sent it. */
export interface SingleStatement {
  sql: string
  args: readonly SqlValue[]
  /** Within how many microtasks the next statement of the same operation may come. */
  followUpMicrotasks: number
}

/** Making objects of more rows takes milliseconds: no lock is held meanwhile. */
const MAX_FOLLOWED_ROWS = 1_000
/** A read's span delays its result by this many microtasks: OpenTelemetry's, and what makes its failures harmless (`tracing.ts`). */
const MICROTASKS_OF_SPAN = 5

/** Runs a statement that reads. */
export const reading =
  ({ sql, args }: SingleStatement) =>
  (connection: Connection): ResultSet => {
    connection.mustNotAskConnection(sql)
    const { columns, rows } = connection.run(sql, args)
    return { columns, rows, changes: 0 }
  }

/** What the window of a statement that has read needs to know. */
export function outcomeOf(
  { followUpMicrotasks }: SingleStatement,
  { rows }: ResultSet,
  isTraced: boolean,
): ReadOutcome {
  if (!followUpMicrotasks || rows.length > MAX_FOLLOWED_ROWS) return { isRead: true, followUpMicrotasks: 0 }
  return { isRead: true, followUpMicrotasks: followUpMicrotasks + (isTraced ? MICROTASKS_OF_SPAN : 0) }
}
