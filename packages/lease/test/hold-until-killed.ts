// Holds a lease in files by a clock that is ahead, says so, and waits to be killed: node hold-until-killed.ts <directory> <key> <ms ahead>
import { LocalLeaser } from '../src/index.js'
import { systemClock } from '../src/time/clock.js'

const [directory = '', key = '', aheadMs = '0'] = process.argv.slice(2)
const clock = { ...systemClock, wallMs: () => systemClock.wallMs() + Number(aheadMs) }
await new LocalLeaser({ directory, clock }).acquire(key, { owner: 'ahead' })
process.stdout.write('held')
setInterval(() => {}, 1000)
