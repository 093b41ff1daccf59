import { check } from '../errors/configuration.js'

/** What is used of an invocation's context (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html). */
export interface RemainingTime {
  /** The milliseconds that are left of the invocation. */
  getRemainingTimeInMillis(): number
}

/** https://nodejs.org/api/timers.html: setTimeout takes no more. */
const MAX_MARGIN_MS = 2 ** 31 - 1

/** @throws PrismaSqliteEfsError `CONFIGURATION` */
export const checkMargin = (marginMs: number | undefined) =>
  check.milliseconds('marginMs', marginMs, { from: 0, to: MAX_MARGIN_MS })
