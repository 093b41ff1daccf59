import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'

// Leaves a transaction open in an invocation of one second, and says when that has ended.
const database = openDatabase({ path: process.argv[2]!, leaser: new LocalLeaser(), release: 'before-answer' })
await database.script('CREATE TABLE t (a)')
const endMs = performance.now() + 1_000
const invocation = database.beginInvocation({ remainingMs: () => endMs - performance.now() })
await invocation.run(() => database.transaction())
await invocation.end()
console.log('ended')
await database.close()
