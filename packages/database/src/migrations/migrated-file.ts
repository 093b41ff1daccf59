import { DatabaseError } from '../contract/errors.js'
import type { Connection } from '../engine/connection.js'
import type { CheckedOptions } from '../file/options.js'
import type { TurnWanted } from '../write/job.js'
import type { WriteTurn } from '../write/write-turn.js'
import { type History, NO_HISTORY, readHistory } from './history.js'

/** What migrations need of a file. */
export interface MigratedFile {
  readonly options: CheckedOptions
  read<T>(action: (connection: Connection) => T): Promise<T>
  inTurn<T>(wanted: TurnWanted, action: (turn: WriteTurn) => Promise<T>): Promise<T>
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
