// Copies a database, and is killed in the middle.
import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'

const [path = '', to = ''] = process.argv.slice(2)
await openDatabase({ path, leaser: new LocalLeaser() }).snapshot(to, {
  onProgress: ({ donePages }) => {
    if (donePages > 0) process.kill(process.pid, 'SIGKILL')
  },
})
