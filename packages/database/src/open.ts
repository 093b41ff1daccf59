import type { Database, DatabaseOptions } from './database.js'

/** Opens the database at `options.path`; nothing is touched before the first statement. */
export function openDatabase(options: DatabaseOptions): Database {
  throw new Error(`not there yet: ${options.path}`)
}
