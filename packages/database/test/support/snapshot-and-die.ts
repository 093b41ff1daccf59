// Copies a database, and is killed in the middle.

import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'
import { snapshot } from '../../src/maintenance.js'

const [path = '', to = ''] = process.argv.slice(2)
await snapshot(openDatabase({ path, leaser: new LocalLeaser() }), to, {
  onProgress: ({ donePages }) => {
    if (donePages > 0) process.kill(process.pid, 'SIGKILL')
  },
})
