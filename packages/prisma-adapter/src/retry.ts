import { performance } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import { check, refuseUnknown } from './errors/configuration.js'
import { isRetryable } from './errors/retryable.js'

/** Options of {@link retry}. */
export interface RetryOptions {
  /** Maximum number of attempts, the first included: a whole number, 1 or more. @defaultValue 3 */
  attempts?: number
  /**
   * Maximum time from the start of the first attempt to the start of the last one, in milliseconds. An attempt that has started is never
   * cut short.
   *
   * @defaultValue 10000
   */
  totalMs?: number
  /** Maximum pause before the second attempt, in milliseconds; it doubles for each further one. @defaultValue 50 */
  firstPauseMs?: number
  /** Maximum pause before any attempt, in milliseconds. @defaultValue 2000 */
  maxPauseMs?: number
  /**
   * Which of the retryable errors to retry. It can only narrow {@link isRetryable}.
   *
   * @defaultValue all of them
   */
  only?: (error: unknown) => boolean
  /** Aborting it ends the pause between two attempts, and starts no other. It does not interrupt an attempt. */
  signal?: AbortSignal
}

/**
 * Runs one operation, and runs it again while its error says that nothing of it was written ({@link isRetryable}). Pauses in
 * between are random, up to a limit that grows exponentially ("full jitter"), so that those who met each other do not meet again.
 *
 * The operation has to be one call of a `PrismaClient`, or one `$transaction`: of several calls in a row an earlier one may have been
 * written, and would be written twice.
 *
 * @example
 * ```ts
 * const booking = await retry(() => prisma.$transaction(async (tx) => book(tx, request)))
 * ```
 *
 * @returns what the first successful attempt resolves to
 * @throws the error of the last attempt, as it is; PrismaSqliteEfsError `CONFIGURATION` for a wrong option; the signal's reason where it was
 * aborted before the first attempt
 */
export function retry<T>(operation: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  return retryWith(REAL, operation, options)
}

/** Time and chance, for tests. */
export interface RetrySeams {
  monotonicMs(): number
  /** From 0 to 1, exclusive. */
  random(): number
  /** Resolves after the pause, or as soon as the signal is aborted. */
  pause(ms: number, signal: AbortSignal | undefined): Promise<void>
}

const REAL: RetrySeams = {
  monotonicMs: () => performance.now(),
  random: () => Math.random(),
  pause: (ms, signal) => setTimeout(ms, undefined, { ...(signal && { signal }) }).catch(() => {}),
}

/** {@link retry}, with its own time. */
export async function retryWith<T>(seams: RetrySeams, operation: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts, totalMs, firstPauseMs, maxPauseMs, only, signal } = checked(options)
  signal?.throwIfAborted()
  const startedMs = seams.monotonicMs()
  for (let attempt = 1; ; attempt++) {
    try {
      return await operation()
    } catch (error) {
      if (attempt >= attempts || !isRetryable(error) || isOutOfTime(error) || (only && !only(error))) throw error
      const pauseMs = seams.random() * Math.min(maxPauseMs, firstPauseMs * 2 ** (attempt - 1))
      if (signal?.aborted || seams.monotonicMs() - startedMs + pauseMs > totalMs) throw error
      await seams.pause(pauseMs, signal)
      if (signal?.aborted) throw error
    }
  }
}

/** In `withLease` the time of the invocation has ended the wait: another attempt would take the time in which to answer. */
function isOutOfTime(error: unknown): boolean {
  const { meta } = error as { meta?: { option?: unknown } }
  return meta?.option === "the function's timeout"
}

const NUMBERS = { attempts: 3, totalMs: 10_000, firstPauseMs: 50, maxPauseMs: 2_000 }
const NAMES = [...Object.keys(NUMBERS), 'only', 'signal']

/** @throws PrismaSqliteEfsError `CONFIGURATION` */
function checked(options: RetryOptions): RetryOptions & typeof NUMBERS {
  refuseUnknown('', options, NAMES)
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const { only, signal, ...numbers } = { ...NUMBERS, ...(given as RetryOptions) }
  check.whole('attempts', numbers.attempts, { from: 1 })
  // Infinity is a limit, too.
  for (const name of ['totalMs', 'firstPauseMs', 'maxPauseMs'] as const) {
    if (numbers[name] !== Infinity) check.milliseconds(name, numbers[name])
  }
  check.callback('only', only)
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw check.wrong('signal', 'be an AbortSignal', signal)
  }
  return { ...numbers, ...(only && { only }), ...(signal && { signal }) }
}

const isAbortSignal = (value: unknown) => typeof value === 'object' && value !== null && 'aborted' in value
