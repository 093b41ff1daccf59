// pnpm torture --minutes M --workers N [--without-file-locks] [--control] [--seed S] [--json] [--keep]
import { parseArgs } from 'node:util'
import type { Contestant } from './contestants.js'
import { tableOf } from './table.js'
import { torture } from './torture.js'

const USAGE = `pnpm torture [--minutes 2] [--workers 4] [--without-file-locks] [--control] [--seed S] [--json] [--keep]
             [--ttl-ms 2000] [--max-clock-skew-ms 200] [--kill-every-ms 1800] [--freeze-every-ms 3000]`

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    workers: { type: 'string', default: '4' },
    'without-file-locks': { type: 'boolean', default: false },
    control: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'ttl-ms': { type: 'string', default: '2000' },
    'max-clock-skew-ms': { type: 'string', default: '200' },
    'kill-every-ms': { type: 'string', default: '1800' },
    'freeze-every-ms': { type: 'string', default: '3000' },
    help: { type: 'boolean', default: false },
  },
})

function number(
  name: 'minutes' | 'workers' | 'seed' | 'ttl-ms' | 'max-clock-skew-ms' | 'kill-every-ms' | 'freeze-every-ms',
) {
  const value = Number(values[name])
  if (Number.isFinite(value) && value >= 0) return value
  console.error(`--${name} is ${values[name]}: expected a number\n${USAGE}`)
  process.exit(2)
}

function contestant(): Contestant {
  if (values.control) return values['without-file-locks'] ? 'official-without-file-locks' : 'official'
  return values['without-file-locks'] ? 'lease-without-file-locks' : 'lease'
}

if (values.help) {
  console.log(USAGE)
} else {
  const { report, folder } = await torture({
    contestant: contestant(),
    seconds: number('minutes') * 60,
    writers: number('workers'),
    seed: number('seed'),
    ttlMs: number('ttl-ms'),
    maxClockSkewMs: number('max-clock-skew-ms'),
    killEveryMs: number('kill-every-ms'),
    freezeEveryMs: number('freeze-every-ms'),
    keep: values.keep,
    onProgress: (line) => console.error(line),
  })
  console.log(values.json ? JSON.stringify(report, null, 2) : tableOf(report))
  const isClean = report.details.length === 0
  if (folder) {
    console.error(`${isClean ? 'All went well' : 'Something was violated'}. File, logs and faults are in ${folder}`)
  }
  if (!isClean) process.exitCode = 1
}
