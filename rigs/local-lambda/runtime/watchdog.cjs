// Outlives the process that started it by a moment, to kill what that left behind: an environment that is stopped notices nothing.
// Standard input: a line `+<pid>` for each environment that was started, `-<pid>` for each that has ended.
'use strict'

const { createInterface } = require('node:readline')

const pids = new Set()

createInterface(process.stdin)
  .on('line', (line) => {
    const pid = Number(line.slice(1))
    if (line.startsWith('+')) pids.add(pid)
    else pids.delete(pid)
  })
  .on('close', () => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    process.exit()
  })
