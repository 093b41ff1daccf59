import type { Connection } from '../connection.js'
import { DatabaseError } from '../errors.js'
import type { TurnWanted } from '../job.js'
import type { CheckedOptions } from '../options.js'
import type { Turn } from '../turn.js'
import { type History, NO_HISTORY, readHistory } from './history.js'

/** What migrations need of a file. */
export interface MigratedFile {
  readonly options: CheckedOptions
  read<T>(action: (connection: Connection) => T): Promise<T>
  inTurn<T>(wanted: TurnWanted, action: (turn: Turn) => Promise<T>): Promise<T>
}

/** Reads the history without the lease. */
export async function historyOf(file: MigratedFile): Promise<History> {
  try {
    return await file.read((connection) => readHistory((sql) => connection.run(sql)))
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'NOT_FOUND') return NO_HISTORY
    throw error
  }
}
