import { DatabaseError } from '../errors.js'
import type { LeasedFile } from '../leased-file.js'
import { type History, NO_HISTORY, readHistory } from './history.js'

/** What migrations need of a file. */
export type MigratedFile = Pick<LeasedFile, 'options' | 'read' | 'inTurn'>

/** Reads the history without the lease. */
export async function historyOf(file: MigratedFile): Promise<History> {
  try {
    return await file.read((connection) => readHistory((sql) => connection.run(sql)))
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'NOT_FOUND') return NO_HISTORY
    throw error
  }
}
