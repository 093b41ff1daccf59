// Moves money from one account to another, one commit after the other, and says so after each, until it is killed.
import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'

const database = openDatabase({
  path: process.argv[2]!,
  leaser: new LocalLeaser({ timeoutMs: 60_000 }),
  timeoutMs: 60_000,
})
for (let n = 0n; ; n++) {
  // Both rows are in pages of their own, far from each other.
  await database.script(
    `UPDATE account SET balance = balance - 1 WHERE id = ${1n + (n % 2n)};
     UPDATE account SET balance = balance + 1 WHERE id = ${2n - (n % 2n)};
     UPDATE filler SET x = randomblob(1000) WHERE rowid = ${1n + ((n * 977n) % 5_000n)}`,
  )
  process.stdout.write(`${n}\n`)
}
