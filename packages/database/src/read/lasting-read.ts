import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { FileConnection } from '../engine/connection.js'

/** The read half of a deferred transaction: all its statements see the file as it was when it began. */
export interface LastingRead {
  /** Whether another process may have written, and nothing more can be read. */
  readonly isLost: boolean
  /** Asks SQLite whether a statement writes. */
  kindOf(sql: string): StatementKind
  /** Runs a statement that reads. @throws DatabaseError; `WRITE_CONFLICT`, and {@link LastingRead.isLost} is true then */
  run(sql: string, args: readonly SqlValue[]): ResultSet
  /** Ends it. @throws DatabaseError `SQLITE` where a lock can't be given back */
  end(): void
  /**
   * Whether the file was written since it began. Asked after its end, under SQLite's write lock.
   *
   * @param writer whose connection has the lock, and has written nothing
   */
  hasChanged(writer: { readonly connection: FileConnection }): boolean
  /** Nothing more is asked of it. */
  giveBack(): void
}
