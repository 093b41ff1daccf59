import { tmpdir } from 'node:os'
import { isAbsolute, normalize } from 'node:path'
import type { Clock } from '@sqlite-efs/lease'
import { systemClock } from '@sqlite-efs/lease/internal'
import { check } from '../contract/check.js'
import type { DatabaseOptions } from '../contract/database.js'
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

/**
 * Switches the replica on: tests have one on a local disk, where no read asks a server. As a property of `globalThis` it is for all files of a
 * process. There is no option of users' for it before its proof on NFS.
 */
export const REPLICA_FOR_TESTS = Symbol.for('@sqlite-efs/database.replica')

/** What tests may add to the options. */
export interface TestOptions {
  [REPLICA_FOR_TESTS]?: ReplicaSettings
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
  replica: Required<ReplicaSettings> | undefined
  vfs: string | undefined
  clock: Clock
}

/** Settings of the replica. */
export interface ReplicaSettings {
  /** Whether each read of the live file asks the server: it must be on NFS then. */
  isDirect: boolean
  /** A folder on a local disk for the copy, which has no name there and ends with the process. @default os.tmpdir() */
  directory?: string
  /** The largest database that is copied, in bytes; less than 1 GiB, behind which SQLite's lock page is. @default 67108864, 64 MiB */
  maxBytes?: number
  /**
   * How long one READ validates reads, in milliseconds. With 0 each read sees every commit that was acknowledged before it began. With more it
   * may miss commits of other processes that are as young as that; it never misses one of this process.
   *
   * @default 0
   */
  maxStalenessMs?: number
}

export const MEMORY = ':memory:'

/** @throws DatabaseError `CONFIGURATION` naming the option and its value */
export function checkOptions(options: DatabaseOptions & TestOptions, path: string): CheckedOptions {
  const { leaser, leaseKey = `database#${path}`, fencing = 'user_version', release = defaultRelease() } = options
  if (typeof leaser?.acquire !== 'function' || typeof leaser.close !== 'function') {
    throw check.wrong('leaser', 'be a Leaser, such as new DynamoDBLeaser(...) or new LocalLeaser()', leaser)
  }
  if (options.tracer !== undefined && typeof options.tracer?.span !== 'function') {
    throw check.wrong('tracer', 'be a Tracer', options.tracer)
  }
  return {
    path,
    leaser,
    leaseKey: check.text('leaseKey', leaseKey),
    timeoutMs: milliseconds('timeoutMs', options.timeoutMs, 5_000),
    transactionTimeoutMs: milliseconds('transactionTimeoutMs', options.transactionTimeoutMs, 1_900),
    maxHoldMs: milliseconds('maxHoldMs', options.maxHoldMs, 250),
    fencing: check.oneOf('fencing', fencing, ['user_version', 'off']),
    pragmas: mergePragmas(options.pragmas),
    release: check.oneOf('release', release, ['background', 'before-answer']),
    owner: options.owner,
    onEvent: check.callback('onEvent', options.onEvent),
    tracer: options.tracer ? harmless(options.tracer) : noTracer,
    followUpMicrotasks: check.whole('followUpMicrotasks', options.followUpMicrotasks) ?? 0,
    replica: completeReplica(options[REPLICA_FOR_TESTS] ?? (globalThis as TestOptions)[REPLICA_FOR_TESTS]),
    vfs: options[VFS_FOR_TESTS],
    clock: options[CLOCK_FOR_TESTS] ?? systemClock,
  }
}

function completeReplica(settings: ReplicaSettings | undefined): Required<ReplicaSettings> | undefined {
  return settings && { directory: tmpdir(), maxBytes: 64 * 2 ** 20, maxStalenessMs: 0, ...settings }
}

/**
 * What the lease of a file is taken on where {@link DatabaseOptions.leaseKey} says nothing else. Touches no file.
 *
 * @throws DatabaseError `CONFIGURATION` unless the path is absolute
 */
export const leaseKeyOf = (path: string): string => `database#${checkPath(path)}`

/** The folder in which the processes of one machine keep a file's line: next to the file. */
export const leaseDirectoryOf = (path: string): string => `${canonicalPath(path)}-lease`

/** The file's one path, however it was written. */
export function checkPath(path: unknown): string {
  if (typeof path === 'string' && isAbsolute(path) && !path.includes('\0')) return canonicalPath(normalize(path))
  const hint = 'every process must mean the same file'
  throw check.wrong('path', 'be the absolute path of the database file', path, { hint })
}

/** @throws DatabaseError `CONFIGURATION` */
export const milliseconds = (option: string, value: number | undefined, fallback: number): number =>
  check.milliseconds(option, value, { from: 0, to: MAX_TIMER_MS }) ?? fallback

/** https://nodejs.org/api/timers.html: setTimeout takes no more. */
const MAX_TIMER_MS = 2 ** 31 - 1

const defaultRelease = () => (process.env['AWS_LAMBDA_FUNCTION_NAME'] ? 'before-answer' : 'background')
