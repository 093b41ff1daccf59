import { tmpdir } from 'node:os'
import { isAbsolute, normalize } from 'node:path'
import type { Clock } from '@sqlite-efs/lease'
import { systemClock } from '@sqlite-efs/lease/internal'
import { check } from '../contract/check.js'
import type { DatabaseOptions, ReplicaSettings } from '../contract/database.js'
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

/** Tests have a replica on a local disk, where no read asks a server; as a property of `globalThis` for all files of a process. */
export const REPLICA_FOR_TESTS = Symbol.for('@sqlite-efs/database.replica')

/** What tests may add to the options. */
export interface TestOptions {
  [REPLICA_FOR_TESTS]?: { isDirect: boolean }
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
  replica: ReplicaOptions
  replicaMode: { isDirect: boolean } | undefined
  vfs: string | undefined
  clock: Clock
}

/** The replica's options, complete. */
export interface ReplicaOptions extends Required<ReplicaSettings> {
  isOn: boolean
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
    replica: checkReplica(options.replica),
    replicaMode: options[REPLICA_FOR_TESTS] ?? (globalThis as TestOptions)[REPLICA_FOR_TESTS],
    vfs: options[VFS_FOR_TESTS],
    clock: options[CLOCK_FOR_TESTS] ?? systemClock,
  }
}

/** SQLite's locks are taken on bytes behind this one, and the page that holds it is no page of the database. */
const MAX_REPLICA_BYTES = 2 ** 30

function checkReplica(replica: DatabaseOptions['replica'] = 'auto'): ReplicaOptions {
  const isSettings = typeof replica === 'object' && replica !== null
  const mode = isSettings ? 'auto' : check.oneOf('replica', replica, ['auto', 'off'])
  const { directory, maxBytes, maxStalenessMs } = isSettings ? replica : ({} as ReplicaSettings)
  return {
    isOn: mode === 'auto',
    directory: check.text('replica.directory', directory ?? tmpdir()),
    maxBytes: check.whole('replica.maxBytes', maxBytes, { to: MAX_REPLICA_BYTES }) ?? 64 * 2 ** 20,
    maxStalenessMs: milliseconds('replica.maxStalenessMs', maxStalenessMs, 0),
  }
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
