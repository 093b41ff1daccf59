import { configurationError } from '../errors/configuration.js'

/** What is used of an invocation's context (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html). */
export interface RemainingTime {
  /** The milliseconds that are left of the invocation. */
  getRemainingTimeInMillis(): number
}

/** https://nodejs.org/api/timers.html: setTimeout takes no more. */
const MAX_MARGIN_MS = 2 ** 31 - 1

/** @throws PrismaSqliteEfsError `CONFIGURATION` */
export function checkMargin(marginMs: unknown): void {
  if (typeof marginMs !== 'number' || !(marginMs >= 0 && marginMs <= MAX_MARGIN_MS)) {
    throw configurationError('marginMs', marginMs, `expected milliseconds from 0 to ${MAX_MARGIN_MS}`)
  }
}
