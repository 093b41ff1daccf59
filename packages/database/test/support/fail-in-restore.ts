// Restores to a disk that fails: files may not grow past a limit, so that the pages of the source can't be written.
// Started with `ulimit -f`, and SIGXFSZ ignored.

import { existsSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { LocalLeaser } from '@sqlite-efs/lease'
import { DatabaseError, openDatabase } from '../../src/index.js'
import { restore, snapshot } from '../../src/maintenance.js'

const [path = '', from = ''] = process.argv.slice(2)
const database = openDatabase({ path, leaser: new LocalLeaser() })
const error: unknown = await restore(database, from).catch((it: unknown) => it)
const kept = readdirSync(dirname(path)).filter((name) => name.includes('before-restore'))
const read = await database.execute('SELECT sum(balance) FROM account')
const copy = await snapshot(database, `${path}.copy`).catch((it: unknown) => it)
const report = {
  restore: error instanceof DatabaseError ? error.code : String(error),
  kept: kept.length,
  read: Number(read.rows[0]?.[0]),
  snapshot: copy instanceof Error ? copy.message : existsSync(`${path}.copy`),
}
await database.close()
console.log(JSON.stringify(report))
