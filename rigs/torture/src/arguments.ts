import { LocalLeaser } from '@sqlite-efs/lease'
import { commandLine, numberAbove0, parse, wholeNumber } from '@sqlite-efs/toolkit/arguments'
import type { TortureOptions } from './torture.js'
import type { Contestant } from './worker/contestant.js'

/** What the command line says. */
export interface Arguments {
  options: TortureOptions
  /** Whether the writers are Lambda functions. */
  isLambda: boolean
  json: boolean
}

interface Values {
  minutes: number
  workers: number
  withoutFileLocks: boolean
  control: boolean
  lambda: boolean
  seed?: number
  keep: boolean
  json: boolean
  ttlMs: number
  maxClockSkewMs: number
  killEveryMs?: number
  freezeEveryMs: number
}

/** @throws UsageError */
export function parseArguments(words: readonly string[]): Arguments {
  const command = commandLine('pnpm torture', 'Real processes on one file, killed and frozen at random.')
    .option('--minutes <M>', 'how long', numberAbove0('--minutes'), 2)
    .option('--workers <N>', 'processes that write', wholeNumber('--workers', 1), 4)
    .option('--without-file-locks', 'with the lease alone: SQLite takes no locks', false)
    .option('--control', "Prisma's own adapter instead", false)
    .option('--lambda', 'writers are Lambda functions', false)
    .option('--seed <S>', 'of the random choices (default: another each time)', wholeNumber('--seed', 0))
    .option('--json', 'the report as JSON', false)
    .option('--keep', 'keep the file and the logs', false)
    .option('--ttl-ms <ms>', 'of the lease', wholeNumber('--ttl-ms', 1), 2000)
    .option('--max-clock-skew-ms <ms>', 'of the lease', wholeNumber('--max-clock-skew-ms', 0), 200)
    .option('--kill-every-ms <ms>', 'on average (default: 1800, with --lambda 6000)', numberAbove0('--kill-every-ms'))
    .option('--freeze-every-ms <ms>', 'on average', numberAbove0('--freeze-every-ms'), 3000)
  return parse(command, words, () => argumentsOf(command.opts<Values>()))
}

function argumentsOf(values: Values): Arguments {
  const { minutes, workers, control, withoutFileLocks, lambda, ttlMs, maxClockSkewMs, freezeEveryMs, keep } = values
  checkLease(ttlMs, maxClockSkewMs)
  if (lambda && (control || withoutFileLocks)) {
    throw new Error(
      '--lambda is for the lease and the file locks: it goes with neither --control nor --without-file-locks',
    )
  }
  return {
    options: {
      contestant: contestant(control, withoutFileLocks),
      seconds: minutes * 60,
      writers: workers,
      seed: values.seed ?? Date.now() % 1_000_000,
      ttlMs,
      maxClockSkewMs,
      killEveryMs: values.killEveryMs ?? (lambda ? 6000 : 1800),
      freezeEveryMs,
      keep,
    },
    isLambda: lambda,
    json: values.json,
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
