import { type Clock, DjangoCompatibleLeaser, type DynamoDBClient, DynamoDBLeaser } from '@sqlite-efs/lease'
import { BackoffLock } from './backoff-lock.js'

/** Ways to a lock on DynamoDB. */
export const ways = ['the line', "django-sqlite-efs' protocol", 'conditional put, full jitter'] as const

export type Way = (typeof ways)[number]

export const TABLE = 'leases'
export const KEY = 'database#/mnt/efs/app.db'
/** As the lease has them by default. */
export const TTL_MS = 6000
export const TIMEOUT_MS = 5000

/** As far as a contender needs one. */
export interface Lock {
  acquire(key: string): Promise<{ release(): Promise<void> }>
}

/** Before its first turn. */
export const noTurns = (): Turns => ({ waitsMs: [], heldMs: [], gaveUp: 0 })

/** What all came to. */
export const allTurns = (parts: readonly Turns[]): Turns => ({
  waitsMs: parts.flatMap(({ waitsMs }) => waitsMs),
  heldMs: parts.flatMap(({ heldMs }) => heldMs),
  gaveUp: parts.reduce((sum, { gaveUp }) => sum + gaveUp, 0),
})

export const mean = (values: readonly number[]): number => values.reduce((sum, it) => sum + it, 0) / values.length

export interface Means {
  client: DynamoDBClient
  clock: Clock
  random: () => number
  /** @default the lease's own, 5 s */
  timeoutMs?: number
}

export function lockOf(way: Way, means: Means): Lock {
  const options = { timeoutMs: TIMEOUT_MS, ...means, tableName: TABLE, ttlMs: TTL_MS }
  if (way === 'the line') return new DynamoDBLeaser(options)
  return way === 'conditional put, full jitter' ? new BackoffLock(options) : new DjangoCompatibleLeaser(options)
}

/** What one contender, or all of them, came to. */
export interface Turns {
  /** How long each turn was waited for. */
  waitsMs: number[]
  /** How long it took from there until its end began: a timer of a busy machine comes late. */
  heldMs: number[]
  gaveUp: number
}

/** Takes one turn after the other, for as long as `goesOn` says, and notes them. */
export async function takeTurns(
  lock: Lock,
  turns: Turns,
  { clock, holdMs, goesOn }: { clock: Clock; holdMs: number; goesOn: () => boolean },
): Promise<void> {
  while (goesOn()) {
    const beganMs = clock.monotonicMs()
    const lease = await lock.acquire(KEY).catch(() => undefined)
    if (!lease) {
      turns.gaveUp++
      continue
    }
    const hadMs = clock.monotonicMs()
    await new Promise<void>((resolve) => void clock.after(holdMs, resolve))
    if (goesOn()) {
      turns.waitsMs.push(hadMs - beganMs)
      turns.heldMs.push(clock.monotonicMs() - hadMs)
    }
    // One that is not acknowledged in time ends with its lease: the others wait for that.
    await lease.release().catch(() => undefined)
  }
}
