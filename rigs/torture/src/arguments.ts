import { parseArgs } from 'node:util'
import { LocalLeaser } from '@sqlite-efs/lease'
import type { Contestant } from './contestant.js'
import type { TortureOptions } from './torture.js'

export const USAGE = `pnpm torture [--minutes 2] [--workers 4] [--without-file-locks] [--control] [--lambda] [--seed S] [--json] [--keep]
             [--ttl-ms 2000] [--max-clock-skew-ms 200] [--kill-every-ms 1800, with --lambda 6000] [--freeze-every-ms 3000]`

/** What the command line says. */
export interface Arguments {
  options: TortureOptions
  /** Whether the writers are Lambda functions. */
  isLambda: boolean
  json: boolean
  help: boolean
}

/** @throws Error which says what is wrong */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: args.filter((it) => it !== '--'),
    options: {
      minutes: { type: 'string', default: '2' },
      workers: { type: 'string', default: '4' },
      'without-file-locks': { type: 'boolean', default: false },
      control: { type: 'boolean', default: false },
      lambda: { type: 'boolean', default: false },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      keep: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      'ttl-ms': { type: 'string', default: '2000' },
      'max-clock-skew-ms': { type: 'string', default: '200' },
      'kill-every-ms': { type: 'string' },
      'freeze-every-ms': { type: 'string', default: '3000' },
      help: { type: 'boolean', default: false },
    },
  })
  const ttlMs = whole('ttl-ms', values['ttl-ms'], 1)
  const maxClockSkewMs = whole('max-clock-skew-ms', values['max-clock-skew-ms'], 0)
  checkLease(ttlMs, maxClockSkewMs)
  if (values.lambda && (values.control || values['without-file-locks'])) {
    throw new Error(
      '--lambda is for the lease and the file locks: it goes with neither --control nor --without-file-locks',
    )
  }
  return {
    options: {
      contestant: contestant(values.control, values['without-file-locks']),
      seconds: above0('minutes', values.minutes) * 60,
      writers: whole('workers', values.workers, 1),
      seed: whole('seed', values.seed, 0),
      ttlMs,
      maxClockSkewMs,
      killEveryMs: above0('kill-every-ms', values['kill-every-ms'] ?? (values.lambda ? '6000' : '1800')),
      freezeEveryMs: above0('freeze-every-ms', values['freeze-every-ms']),
      keep: values.keep,
    },
    isLambda: values.lambda,
    json: values.json,
    help: values.help,
  }
}

function contestant(isControl: boolean, hasNoLocks: boolean): Contestant {
  if (isControl) return hasNoLocks ? 'official-without-file-locks' : 'official'
  return hasNoLocks ? 'lease-without-file-locks' : 'lease'
}

/** Each worker would be refused by its leaser, and the next one in its place. */
function checkLease(ttlMs: number, maxClockSkewMs: number): void {
  try {
    void new LocalLeaser({ ttlMs, maxClockSkewMs })
  } catch (cause) {
    const given = `--ttl-ms ${ttlMs} with --max-clock-skew-ms ${maxClockSkewMs}`
    throw new Error(`${given} can't be used: ${(cause as Error).message}`, { cause })
  }
}

function above0(name: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isFinite(value) && value > 0) return value
  throw new Error(`--${name} must be a number above 0, not ${text || 'nothing'}`)
}

function whole(name: string, text: string, atLeast: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= atLeast) return value
  throw new Error(`--${name} must be a whole number, at least ${atLeast}, not ${text || 'nothing'}`)
}
