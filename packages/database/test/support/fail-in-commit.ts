// Commits to a disk that fails: files may not grow past a limit, so that the pages of the transaction can't be written.
// Started with `ulimit -f`, and SIGXFSZ ignored; on a file that `path` names.
import { LocalLeaser } from '@sqlite-efs/lease'
import { DatabaseError, openDatabase } from '../../src/index.js'

const database = openDatabase({ path: process.argv[2]!, leaser: new LocalLeaser() })
const outcome = async (attempt: Promise<unknown>) =>
  attempt.then(
    () => 'done',
    (error: unknown) => (error instanceof DatabaseError ? error.code : String(error)),
  )
const report: Record<string, string> = {}
report['write'] = await outcome(database.execute('INSERT INTO account VALUES (3, length(zeroblob(1))) RETURNING id'))
const transaction = await database.transaction()
await transaction.execute('UPDATE account SET balance = 0')
await transaction.execute('CREATE TABLE filler AS SELECT randomblob(30000000) AS x')
report['commit'] = await outcome(transaction.commit())
report['read'] = String((await database.execute('SELECT sum(balance) FROM account')).rows[0]?.[0])
report['next write'] = await outcome(database.execute('UPDATE account SET balance = balance + 1'))
await database.close()
console.log(JSON.stringify(report))
