import type { FileConnection } from './connection.js'

/** One page as SQLite's page cache has it. Needs a lock. */
export function readPage(connection: Pick<FileConnection, 'run'>, page: number): Uint8Array {
  // Only a page that is asked for by its number is found without reading all before it.
  const [[data] = []] = connection.run('SELECT data FROM sqlite_dbpage WHERE pgno = ?1', [BigInt(page)]).rows
  return data as Uint8Array
}
