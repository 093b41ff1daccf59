import { isAbsolute, normalize } from 'node:path'
import type { Clock } from '@sqlite-efs/lease'
import { systemClock } from '@sqlite-efs/lease/internal'
import type { DatabaseOptions } from '../contract/database.js'
import { DatabaseError } from '../contract/errors.js'
import type { DatabaseListener } from '../contract/events.js'
import { harmless, noTracer, type Tracer } from '../contract/tracing.js'
import { mergePragmas, type Pragmas } from '../sql/pragmas.js'
import { canonicalPath } from './data-file.js'

/**
 * Tests switch SQLite's own locks off with this, to see what the lease carries alone. Not exported from the package: on
 * NFS it corrupts files.
 */
export const VFS_FOR_TESTS = Symbol.for('@sqlite-efs/database.vfs')
/** Tests bring their own clocks. */
export const CLOCK_FOR_TESTS = Symbol.for('@sqlite-efs/database.clock')

/** What tests may add to the options. */
export interface TestOptions {
  [VFS_FOR_TESTS]?: string
  [CLOCK_FOR_TESTS]?: Clock
}

/** Options as they are worked with: checked and complete. */
export interface CheckedOptions {
  path: string
  leaser: DatabaseOptions['leaser']
  leaseKey: string
  timeoutMs: number
  transactionTimeoutMs: number
  maxHoldMs: number
  fencing: 'user_version' | 'off'
  pragmas: Pragmas
  release: 'background' | 'before-answer'
  owner: string | undefined
  onEvent: DatabaseListener | undefined
  tracer: Tracer
  followUpMicrotasks: number
  vfs: string | undefined
  clock: Clock
}

export const MEMORY = ':memory:'

/** @throws DatabaseError `CONFIGURATION` naming the option and its value */
export function checkOptions(options: DatabaseOptions & TestOptions, path: string): CheckedOptions {
  const { leaser, leaseKey, fencing = 'user_version', release = defaultRelease(), followUpMicrotasks = 0 } = options
  if (typeof leaser?.acquire !== 'function')
    throw wrongOption('leaser', leaser, 'a Leaser is wanted, e.g. new DynamoDBLeaser(...) or new LocalLeaser()')
  if (leaseKey !== undefined && (typeof leaseKey !== 'string' || leaseKey === ''))
    throw wrongOption('leaseKey', leaseKey, 'a text that is not empty is wanted')
  if (!['user_version', 'off'].includes(fencing))
    throw wrongOption('fencing', fencing, "'user_version' or 'off' is wanted")
  if (!['background', 'before-answer'].includes(release))
    throw wrongOption('release', release, "'background' or 'before-answer' is wanted")
  if (options.onEvent !== undefined && typeof options.onEvent !== 'function') {
    throw wrongOption('onEvent', options.onEvent, 'a function is wanted')
  }
  if (!Number.isInteger(followUpMicrotasks) || followUpMicrotasks < 0) {
    throw wrongOption('followUpMicrotasks', followUpMicrotasks, 'a whole number is wanted')
  }
  if (options.tracer !== undefined && typeof options.tracer?.span !== 'function') {
    throw wrongOption('tracer', options.tracer, 'a Tracer is wanted')
  }
  return {
    path,
    leaser,
    leaseKey: leaseKey ?? `database#${path}`,
    timeoutMs: milliseconds('timeoutMs', options.timeoutMs, 5_000),
    transactionTimeoutMs: milliseconds('transactionTimeoutMs', options.transactionTimeoutMs, 1_900),
    maxHoldMs: milliseconds('maxHoldMs', options.maxHoldMs, 250),
    fencing,
    pragmas: mergePragmas(options.pragmas),
    release,
    owner: options.owner,
    onEvent: options.onEvent,
    tracer: options.tracer ? harmless(options.tracer) : noTracer,
    followUpMicrotasks,
    vfs: options[VFS_FOR_TESTS],
    clock: options[CLOCK_FOR_TESTS] ?? systemClock,
  }
}

/**
 * What the lease of a file is taken on where {@link DatabaseOptions.leaseKey} says nothing else. Touches no file.
 *
 * @throws DatabaseError `CONFIGURATION` unless the path is absolute
 */
export const leaseKeyOf = (path: string): string => `database#${checkPath(path)}`

/** The file's one path, however it was written. */
export function checkPath(path: unknown): string {
  if (typeof path !== 'string' || path === '')
    throw wrongOption('path', path, 'the absolute path of the database file is wanted')
  if (path.includes('\0')) throw wrongOption('path', path, 'it holds a NUL character')
  if (!isAbsolute(path))
    throw wrongOption('path', path, 'an absolute path is wanted, so that every process means the same file')
  return canonicalPath(normalize(path))
}

/** @throws DatabaseError `CONFIGURATION` */
export function milliseconds(option: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  // setTimeout takes no more: https://nodejs.org/api/timers.html
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0 || value > 2 ** 31 - 1) {
    throw wrongOption(option, value, 'milliseconds from 0 to 2147483647 are wanted')
  }
  return value
}

/** An option that can't be used; the message names it, its value, and what is wanted. */
export function wrongOption(option: string, value: unknown, wanted: string): DatabaseError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return new DatabaseError('CONFIGURATION', `${option} = ${shown} can't be used: ${wanted}.`, { option })
}

const defaultRelease = () => (process.env['AWS_LAMBDA_FUNCTION_NAME'] ? 'before-answer' : 'background')
