import { configurationError } from './configuration.js'

/** What is used of an invocation's context (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html). */
export interface RemainingTime {
  /** The milliseconds that are left of the invocation. */
  getRemainingTimeInMillis(): number
}

/** @throws PrismaSqliteEfsError `CONFIGURATION` */
export function checkMargin(marginMs: unknown): void {
  if (typeof marginMs !== 'number' || !Number.isFinite(marginMs) || marginMs < 0) {
    throw configurationError('marginMs', marginMs, 'expected milliseconds, not negative')
  }
}
