import { hostname } from 'node:os'
import { type Clock, systemClock } from '../time/clock.js'
import { type Random, systemRandom } from '../time/random.js'
import { LeaseError } from './errors.js'
import type { LeaseEvent } from './events.js'

/** What every leaser of this package may be told. */
export interface LeaserOptions {
  /**
   * The length of a lease in milliseconds, at most one hour; a dead holder is replaced after this long. Larger than
   * `maxClockSkewMs` + 2 x `requestTimeoutMs`: renewal begins when half of it is left, and a request that gets no
   * answer must fit into that half.
   *
   * @default 6000
   */
  ttlMs?: number
  /**
   * How long an acquisition waits for its turn, in milliseconds; larger than 0.
   *
   * @default 5000
   */
  timeoutMs?: number
  /**
   * How far the wall clocks of two machines may be apart, in milliseconds; 0 or more. A dead holder is swept this much
   * after its time, and a clock that disagrees with the server's by more is an error.
   *
   * @default 500
   */
  maxClockSkewMs?: number
  /**
   * How long one request may take, connecting included, in milliseconds; larger than 0.
   *
   * @default 1000, or less where `ttlMs` is short: a quarter of (`ttlMs` - `maxClockSkewMs`)
   */
  requestTimeoutMs?: number
  /** Time, for tests. @default the machine's own clocks */
  clock?: Clock
  /** Numbers of [0, 1), for nonces and jitter. @default the operating system's */
  random?: () => number
  /**
   * Who waits, for people who look at the line, where an acquisition does not say; at most 24 bytes are kept.
   *
   * @default the end of the Lambda log stream's name, or the host's name and the process id
   */
  owner?: string
  /** Hears of everything that happens to this leaser's leases. What it throws is ignored. */
  onEvent?: (event: LeaseEvent) => void
}

/** {@link LeaserOptions}, checked and complete. */
export interface LeaserSettings {
  readonly ttlMs: number
  readonly timeoutMs: number
  readonly maxClockSkewMs: number
  readonly requestTimeoutMs: number
  readonly clock: Clock
  readonly random: Random
  readonly owner: string
  readonly onEvent: (event: LeaseEvent) => void
}

/** How many request timeouts a renewal or a release waits for its answer. */
export const PATIENT_REQUESTS = 2

/** A contender that claims to be alive for longer than this is not believed. */
export const MAX_TTL_MS = 3_600_000

/** @throws LeaseError `CONFIGURATION`, naming the option and its value */
export function checkOptions(options: LeaserOptions): LeaserSettings {
  if (typeof options !== 'object' || options === null) refuse('options', options, 'must be an object')
  // Defaults are for what is missing: null is a mistake.
  const { ttlMs = 6000, timeoutMs = 5000, maxClockSkewMs = 500 } = options
  const { clock = systemClock, random = systemRandom, owner = '', onEvent = () => {} } = options
  const { requestTimeoutMs = Math.max(1, Math.min(1000, (ttlMs - maxClockSkewMs) / 4)) } = options
  duration('ttlMs', ttlMs)
  if (!isMilliseconds(maxClockSkewMs)) refuse('maxClockSkewMs', maxClockSkewMs, 'must be milliseconds, 0 or more')
  duration('requestTimeoutMs', requestTimeoutMs)
  if (typeof clock?.wallMs !== 'function') refuse('clock', clock, 'must be a Clock')
  if (typeof random !== 'function') refuse('random', random, 'must be a function')
  if (typeof onEvent !== 'function') refuse('onEvent', onEvent, 'must be a function')
  const settings = {
    ttlMs,
    timeoutMs: duration('timeoutMs', timeoutMs),
    maxClockSkewMs,
    requestTimeoutMs,
    clock,
    random,
    owner: checkOwner(owner) || defaultOwner(),
    onEvent,
  }
  checkTtl(ttlMs, settings)
  return settings
}

/** Renewal begins with half of `ttlMs` left: one lost request, and the skew on top, must fit. */
export function checkTtl(
  ttlMs: unknown,
  { maxClockSkewMs, requestTimeoutMs }: Pick<LeaserSettings, 'maxClockSkewMs' | 'requestTimeoutMs'>,
): number {
  const checked = duration('ttlMs', ttlMs)
  if (checked > MAX_TTL_MS) refuse('ttlMs', ttlMs, `must be at most one hour (${MAX_TTL_MS})`)
  if (checked <= maxClockSkewMs + 2 * requestTimeoutMs) {
    const relation = 'must be larger than maxClockSkewMs + 2 x requestTimeoutMs'
    refuse(
      'ttlMs',
      ttlMs,
      `${relation} = ${maxClockSkewMs} + 2 x ${requestTimeoutMs}, so that a renewal can be repeated`,
    )
  }
  return checked
}

export function checkTimeout(timeoutMs: unknown): number | (() => number) {
  if (typeof timeoutMs === 'function') return timeoutMs as () => number
  if (!isMilliseconds(timeoutMs)) refuse('timeoutMs', timeoutMs, 'must be milliseconds, 0 or more, or a function')
  return timeoutMs as number
}

export function checkOwner(owner: unknown): string {
  if (typeof owner !== 'string') refuse('owner', owner, 'must be a string')
  return shortOwner(owner)
}

/** DynamoDB's own limits for a partition key. */
export function checkKey(key: unknown): string {
  if (typeof key !== 'string' || key === '') refuse('key', key, 'must be a non-empty string')
  const bytes = Buffer.byteLength(key)
  if (bytes > 2048) refuse('key', `${key.slice(0, 40)}...`, `must be at most 2048 bytes, has ${bytes}`)
  return key
}

export function checkFloor(floor: unknown): number {
  if (!Number.isSafeInteger(floor) || (floor as number) < 0) {
    refuse('floor', floor, 'must be a safe integer, 0 or more')
  }
  return floor as number
}

export function checkTicket(ticket: unknown): number {
  if (!Number.isSafeInteger(ticket) || (ticket as number) < 0) {
    refuse('ticket', ticket, 'must be a safe integer, 0 or more, as inspect shows it')
  }
  return ticket as number
}

/** A name that DynamoDB takes, or a table's ARN. */
export function checkTableName(tableName: unknown): string {
  const name = /^[A-Za-z0-9_.-]{3,255}$/
  const arn = /^arn:[^:]+:dynamodb:[^:]+:\d{12}:table\/[A-Za-z0-9_.-]{3,255}$/
  if (typeof tableName !== 'string' || !(name.test(tableName) || arn.test(tableName))) {
    refuse('tableName', tableName, "must be a DynamoDB table's name (3 to 255 of A-Z a-z 0-9 _ . -) or its ARN")
  }
  return tableName
}

function duration(option: string, value: unknown): number {
  if (!isMilliseconds(value) || value === 0) refuse(option, value, 'must be milliseconds, larger than 0')
  return value as number
}

const isMilliseconds = (value: unknown) => typeof value === 'number' && Number.isFinite(value) && value >= 0

export function refuse(option: string, value: unknown, rule: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  throw new LeaseError('CONFIGURATION', `Option ${option} is ${shown}: ${rule}.`)
}

function defaultOwner(): string {
  const logStream = process.env['AWS_LAMBDA_LOG_STREAM_NAME']
  if (logStream) return `lambda:${logStream.slice(-12)}`
  const pid = `:${process.pid}`
  return hostname().slice(0, 24 - pid.length) + pid
}

/** At most 24 bytes of UTF-8, no character cut in two: every write is billed by the item's size. */
export function shortOwner(owner: string): string {
  let short = ''
  let bytes = 0
  for (const character of owner) {
    bytes += Buffer.byteLength(character)
    if (bytes > 24) break
    short += character
  }
  return short
}
