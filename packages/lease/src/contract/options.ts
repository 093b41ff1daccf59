import { hostname } from 'node:os'
import { type Clock, systemClock } from '../time/clock.js'
import { type Random, systemRandom } from '../time/random.js'
import { LeaseError } from './errors.js'
import type { LeaseEvent } from './events.js'
import { OptionChecker } from './option-checker.js'

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

/** Checks this package's own options. */
export const check = new OptionChecker(
  (message, option, cause) =>
    new LeaseError('CONFIGURATION', message, { option }, cause === undefined ? {} : { cause }),
)

/** @throws LeaseError `CONFIGURATION`, naming the option and its value */
export function checkOptions(options: LeaserOptions): LeaserSettings {
  checkObject(options)
  // Defaults are for what is missing: null is a mistake.
  const { ttlMs = 6000, timeoutMs = 5000, maxClockSkewMs = 500 } = options
  const { clock = systemClock, random = systemRandom, owner = '', onEvent = () => {} } = options
  const { requestTimeoutMs = Math.max(1, Math.min(1000, (ttlMs - maxClockSkewMs) / 4)) } = options
  check.milliseconds('ttlMs', ttlMs, { above: 0 })
  if (typeof clock?.wallMs !== 'function') throw check.wrong('clock', 'be a Clock', clock)
  const settings = {
    ttlMs,
    timeoutMs: check.milliseconds('timeoutMs', timeoutMs, { above: 0 }),
    maxClockSkewMs: check.milliseconds('maxClockSkewMs', maxClockSkewMs),
    requestTimeoutMs: check.milliseconds('requestTimeoutMs', requestTimeoutMs, { above: 0 }),
    clock,
    random: check.callback('random', random),
    owner: checkOwner(owner) || defaultOwner(),
    onEvent: check.callback('onEvent', onEvent),
  }
  checkTtl(ttlMs, settings)
  return settings
}

export function checkObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw check.wrong('options', 'be an object', options)
}

/** Renewal begins with half of `ttlMs` left: one lost request, and the skew on top, must fit. */
export function checkTtl(
  ttlMs: number,
  { maxClockSkewMs, requestTimeoutMs }: Pick<LeaserSettings, 'maxClockSkewMs' | 'requestTimeoutMs'>,
): number {
  check.milliseconds('ttlMs', ttlMs, { above: 0, to: MAX_TTL_MS })
  if (ttlMs > maxClockSkewMs + 2 * requestTimeoutMs) return ttlMs
  const sum = `maxClockSkewMs + 2 x requestTimeoutMs = ${maxClockSkewMs} + 2 x ${requestTimeoutMs}`
  throw check.wrong('ttlMs', `be larger than ${sum}, so that a renewal can be repeated`, ttlMs)
}

export function checkOwner(owner: unknown): string {
  if (typeof owner !== 'string') throw check.wrong('owner', 'be a string', owner)
  return shortOwner(owner)
}

/** DynamoDB's own limits for a partition key. */
export function checkKey(key: unknown): string {
  const text = check.text('key', key)
  const bytes = Buffer.byteLength(text)
  if (bytes <= 2048) return text
  throw check.wrong('key', 'be at most 2048 bytes', `${text.slice(0, 40)}...`, { hint: `it has ${bytes}` })
}

export function checkTicket(option: 'floor' | 'ticket', ticket: number): number {
  if (ticket === undefined) throw check.wrong(option, 'be a whole number, 0 or more', ticket)
  return check.whole(option, ticket)
}

/** A name that DynamoDB takes, or a table's ARN. */
export function checkTableName(tableName: unknown, option = 'tableName', checker = check): string {
  const name = /^[A-Za-z0-9_.-]{3,255}$/
  const arn = /^arn:[^:]+:dynamodb:[^:]+:\d{12}:table\/[A-Za-z0-9_.-]{3,255}$/
  if (typeof tableName === 'string' && (name.test(tableName) || arn.test(tableName))) return tableName
  const rule = "be a DynamoDB table's name (3 to 255 of A-Z a-z 0-9 _ . -) or its ARN"
  throw checker.wrong(option, rule, tableName)
}

/** The ARN of one table: IAM would take a wildcard for more than this. */
export function checkTableArn(tableArn: unknown, checker = check): string {
  const arn = /^arn:aws[a-z-]*:dynamodb:[a-z\d-]+:\d{12}:table\/[\w.-]{3,255}$/
  if (typeof tableArn === 'string' && arn.test(tableArn)) return tableArn
  throw checker.wrong('tableArn', 'be arn:aws:dynamodb:<region>:<account>:table/<name>, without wildcards', tableArn)
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
