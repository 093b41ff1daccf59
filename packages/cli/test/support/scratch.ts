import { join } from 'node:path'
import { openDatabase } from '@sqlite-efs/database'
import { type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export const scratchFolder = () => folderUntil(onTestFinished)

/** Leases as `--local` has them. */
export const localLeaser = (path: string) => new LocalLeaser({ directory: `${path}-lease` })

/** A database with `account(id, balance)`, two rows of 100 each, that was written under the lease and closed. */
export async function bank(
  path = join(scratchFolder(), 'app.db'),
  leaser: Leaser = localLeaser(path),
): Promise<string> {
  const database = openDatabase({ path, leaser, release: 'before-answer' })
  await database.script(
    `CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL);
     INSERT INTO account VALUES (1, 100), (2, 100)`,
  )
  await database.close()
  return path
}

/** The sum of all balances. */
export async function total(path: string, leaser: Leaser = localLeaser(path)): Promise<bigint> {
  const database = openDatabase({ path, leaser })
  try {
    return (await database.execute('SELECT sum(balance) FROM account')).rows[0]![0] as bigint
  } finally {
    await database.close()
  }
}
