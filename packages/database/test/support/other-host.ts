// Another host: has the database open, and runs each line that it is sent as a statement on the connections that it has.
import { createInterface } from 'node:readline'
import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'

const database = openDatabase({ path: process.argv[2]!, leaser: new LocalLeaser() })
for await (const sql of createInterface({ input: process.stdin })) {
  const answer = await database.execute(sql).then(
    ({ rows }) => rows,
    (error: unknown) => String(error),
  )
  console.log(JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value)))
}
