import { join } from 'node:path'
import { type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { onTestFinished } from 'vitest'
import { type Database, type DatabaseOptions, openDatabase } from '../../src/index.js'

/** A folder that is gone after the test. */
export const scratchFolder = () => folderUntil(onTestFinished)

/** A path for a database that is gone after the test. */
export const scratchPath = () => join(scratchFolder(), 'app.db')

/** A database that is closed after the test. */
export function open(path: string, options: Partial<DatabaseOptions> & { leaser?: Leaser } = {}): Database {
  const database = openDatabase({ path, leaser: new LocalLeaser(), ...options })
  onTestFinished(() => database.close())
  return database
}

/** A database with `account(id, balance)`, two rows of 100 each. */
export async function openBank(options: Partial<DatabaseOptions> = {}, path = scratchPath()): Promise<Database> {
  const database = open(path, options)
  await database.script(
    `CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK (balance >= 0));
     INSERT INTO account VALUES (1, 100), (2, 100)`,
  )
  return database
}

/** The rows of a query. */
export const rows = async (database: Pick<Database, 'execute'>, sql: string) => (await database.execute(sql)).rows

/** Ends the current turn of the event loop. */
export const nextTick = () => new Promise<void>((resolve) => setImmediate(resolve))
