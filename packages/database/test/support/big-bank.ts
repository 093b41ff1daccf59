import type { Database, DatabaseOptions } from '../../src/index.js'
import { openBank } from './scratch.js'

/** A bank with 10 MB in it: no operation on the whole of it is done in one step. */
export async function openBigBank(options: Partial<DatabaseOptions> = {}): Promise<Database> {
  const bank = await openBank(options)
  await bank.script(
    `CREATE TABLE filler (x);
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
     INSERT INTO filler SELECT randomblob(1000) FROM n`,
  )
  return bank
}

/** What is in the table, of any size. */
export const FILLER = 'SELECT count(*), sum(length(x)) FROM filler'
