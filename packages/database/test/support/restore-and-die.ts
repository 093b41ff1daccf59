// Restores a database, and is killed as it comes to the phase that is named.

import { LocalLeaser } from '@sqlite-efs/lease'
import { openDatabase } from '../../src/index.js'
import { restore } from '../../src/maintenance.js'

const [path = '', from = '', phase = '', afterMs = '0'] = process.argv.slice(2)
const database = openDatabase({ path, leaser: new LocalLeaser() })
const die = () => process.kill(process.pid, 'SIGKILL')
await restore(database, from, {
  onProgress: (progress) => {
    if (progress.phase !== phase) return
    if (afterMs === '0') die()
    else setTimeout(die, Number(afterMs))
  },
})
