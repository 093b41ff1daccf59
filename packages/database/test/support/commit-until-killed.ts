// Commits growing transactions through openDatabase, and says so after each, until it is killed.
import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'

const database = openDatabase({ path: process.argv[2]!, leaser: new LocalLeaser() })
for (let n = 0; ; n++) {
  const transaction = await database.transaction()
  await transaction.execute('INSERT INTO entry SELECT NULL, ?, randomblob(60000)', [BigInt(n)])
  await transaction.execute(`CREATE TABLE t${process.pid}_${n} (a)`)
  await transaction.commit()
  process.stdout.write(`${n}\n`)
}
