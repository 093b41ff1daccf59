import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { constants } from 'node:os'

/** Kinds of system calls, in the order of their bits in `shim.c`. */
export const CALL_KINDS = [
  'read',
  'write',
  'sync',
  'open',
  'link',
  'rename',
  'truncate',
  'lock',
  'unlink',
  'stat',
  'close',
  'list',
  'mkdir',
  'rmdir',
  'access',
  'unlock',
] as const

export type CallKind = (typeof CALL_KINDS)[number]

/** In the order of their numbers in `shim.c`. */
const ACTIONS = ['fail', 'kill', 'fail late'] as const

/** One fault. */
export interface Fault {
  kinds: readonly CallKind[]
  /** Matching calls that go through before it. @default 0 */
  skip?: number
  /** Consecutive calls that fail. @default 1 */
  times?: number
  /** A name from `node:os`' `constants.errno`, such as `EIO`. @default none: a short transfer is all that goes wrong */
  error?: keyof typeof constants.errno
  /** The first of the calls transfers at most so many bytes, and succeeds. @default it fails, like the others */
  bytes?: number
  /**
   * `kill` sends SIGKILL to the process before the call. `fail late`: a call that changes a name fails after it took effect, and any
   * other one fails without one.
   *
   * @default 'fail'
   */
  action?: (typeof ACTIONS)[number]
  /** Part of the path of the files that it is for: `-journal`, or `app.db$` for what it ends in. @default any file below the folder */
  match?: string
}

/** What has been seen of the calls that the armed fault is for. */
export interface Seen {
  /** Matching calls since it was armed. */
  calls: number
  /** The same by kind. */
  callsOf: Record<CallKind, number>
  /** Those that failed or were cut short. */
  fired: number
  /** The first of them: kind, path, offset and length. */
  where: string
}

const SIZE = 512
const RECORDING_AT = 36
const BY_KIND_AT = 40
const MATCH_AT = BY_KIND_AT + 4 * CALL_KINDS.length
const WHERE_AT = 256

/**
 * The control file of a process that runs with the library preloaded. Any process may hold one on the same file: that process
 * itself, or the one that started it.
 */
export class FaultControl {
  readonly #file: number

  /** @param path of the control file, which is made if it is not there */
  constructor(path: string) {
    // Opened for appending first: that makes the file and keeps what is in it.
    closeSync(openSync(path, 'a'))
    this.#file = openSync(path, 'r+')
    const byte = Buffer.alloc(1)
    if (readSync(this.#file, byte, 0, 1, SIZE - 1) === 0) writeSync(this.#file, Buffer.alloc(SIZE), 0, SIZE, 0)
  }

  /** From now on the fault is in force, and its calls are counted from 0. */
  arm(fault: Fault): void {
    const { kinds, skip = 0, times = 1, error, bytes = -1, action = 'fail', match = '' } = fault
    this.disarm()
    const control = Buffer.alloc(RECORDING_AT)
    control.writeUInt32LE(skip, 4)
    control.writeUInt32LE(times, 8)
    control.writeInt32LE(error === undefined ? 0 : constants.errno[error], 12)
    control.writeInt32LE(bytes, 16)
    control.writeUInt32LE(ACTIONS.indexOf(action), 20)
    control.writeUInt32LE(
      kinds.reduce((bits, kind) => bits | (1 << CALL_KINDS.indexOf(kind)), 0),
      24,
    )
    const rest = Buffer.alloc(SIZE - BY_KIND_AT)
    rest.write(match, MATCH_AT - BY_KIND_AT, WHERE_AT - MATCH_AT - 1)
    writeSync(this.#file, rest, 0, rest.length, BY_KIND_AT)
    writeSync(this.#file, control, 4, control.length - 4, 4)
    this.#writeWord(1, 0)
  }

  /** Ends the fault; what was seen stays to be asked for. */
  disarm(): void {
    this.#writeWord(0, 0)
  }

  /** Counts calls of these kinds, and lets all of them through. */
  count(kinds: readonly CallKind[], match = ''): void {
    this.arm({ kinds, match, times: 0 })
  }

  seen(): Seen {
    const control = Buffer.alloc(SIZE)
    readSync(this.#file, control, 0, SIZE, 0)
    const where = control.toString('utf8', WHERE_AT)
    return {
      calls: control.readUInt32LE(28),
      callsOf: Object.fromEntries(
        CALL_KINDS.map((kind, index) => [kind, control.readUInt32LE(BY_KIND_AT + 4 * index)]),
      ) as Record<CallKind, number>,
      fired: control.readUInt32LE(32),
      where: where.slice(0, where.indexOf('\0')),
    }
  }

  /** Switches the recording on or off; it needs `recording` in the environment that `preloaded` makes. */
  record(isOn: boolean): void {
    this.#writeWord(isOn ? 1 : 0, RECORDING_AT)
  }

  close(): void {
    closeSync(this.#file)
  }

  #writeWord(value: number, position: number): void {
    const word = Buffer.alloc(4)
    word.writeUInt32LE(value)
    writeSync(this.#file, word, 0, 4, position)
  }
}
