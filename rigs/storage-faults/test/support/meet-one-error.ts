// Has an operation on a connection that is open already meet one I/O error as it takes a lock, and tells what came of it.
import { openDatabase } from '@sqlite-efs/database'
import { LocalLeaser } from '@sqlite-efs/lease'
import { FaultControl } from '../../src/index.js'

const [path = '', operation = ''] = process.argv.slice(2)
const control = new FaultControl(process.env['STORAGE_FAULTS_CONTROL'] ?? '')
const database = openDatabase({ path, leaser: new LocalLeaser() })
const count = async () => Number((await database.execute('SELECT n FROM counter')).rows[0]?.[0])
const raise = () => database.execute('UPDATE counter SET n = n + 1')
const transaction = async (mode: 'immediate' | 'deferred') => {
  const begun = await database.transaction({ mode })
  const { rows } = await begun.execute('SELECT n FROM counter')
  await begun.commit()
  return Number(rows[0]?.[0])
}
const operations: Record<string, () => Promise<unknown>> = {
  read: count,
  write: async () => (await raise()).changes,
  'deferred transaction': () => transaction('deferred'),
  'immediate transaction': () => transaction('immediate'),
}

await database.script('CREATE TABLE counter (n); INSERT INTO counter VALUES (1)')
await count()
await transaction('deferred')
await raise()
// The window of the reads is closed at the end of the turn: the next operation takes its lock itself.
await new Promise((resolve) => setImmediate(resolve))
await new Promise((resolve) => setImmediate(resolve))
control.arm({ kinds: ['lock'], match: 'app.db', error: 'EIO' })
const answer = await operations[operation]!().catch(String)
const { fired } = control.seen()
const next = { read: await count(), written: (await raise()).changes }
await database.close()
console.log(JSON.stringify({ answer, fired, next }))
