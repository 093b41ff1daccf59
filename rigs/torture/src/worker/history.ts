import { closeSync, openSync, writeSync } from 'node:fs'

/** How a transfer is made. */
export type Style =
  /** `$transaction(async (tx) => ...)`: reads both balances, and writes what it computed. */
  | 'interactive'
  /** `$transaction([...])` with nested writes. */
  | 'batch'
  /** One INSERT, the rest of which a trigger does: may share its COMMIT with others of its process. */
  | 'trigger'
  /** A script of several statements, as a migration is; some of them compute for long. */
  | 'script'
  /** Interactive, and given up by its own callback after its last write. */
  | 'abandoned'
  /** A batch whose last statement breaks a constraint. */
  | 'rejected'

/** What a transfer is to do. */
export interface Transfer {
  /** Unique among all transfers of a run. */
  id: string
  /** Who makes it: the transfers of one sequence are made one after the other. */
  sequence: string
  seq: number
  style: Style
  from: number
  to: number
  amount: number
}

/**
 * What a worker writes down, one line of JSON each. `at` is CLOCK_MONOTONIC in milliseconds: comparable between the processes
 * of one machine, and only there.
 */
export type HistoryRecord =
  /** Ready, and waiting for `go`. */
  | { type: 'start'; at: number; name: string; host: string; pid: number }
  /** Written before the transfer is sent. */
  | ({ type: 'intent'; at: number } & Transfer)
  /** Written after its promise has resolved. */
  | { type: 'ack'; at: number; id: string }
  /** Written after its promise was rejected. */
  | { type: 'fail'; at: number; id: string; code: string; message: string }
  /** Written in the callback of an interactive transaction: in mode `immediate` it has the lease, and SQLite's write lock. */
  | { type: 'begun'; at: number; id: string }
  /** A read that was begun `at` and had its answer at `doneAt`. `entries` is how many there were, where it counted all of them. */
  | { type: 'read'; at: number; doneAt: number; kind: string; entries?: number }
  /** A read that failed. */
  | { type: 'read-failed'; at: number; kind: string; code: string; message: string }
  /** Something that must not be, seen by the worker itself. */
  | { type: 'violation'; at: number; what: string; detail: string }
  /** The lease, as the adapter's `onEvent` tells. */
  | { type: 'lease'; at: number; event: 'acquired' | 'released' | 'yielded' | 'lost' | 'swept'; token: number }
  /** The line before the lease, as the adapter's `onEvent` tells: stands in it, or left it without a lease. */
  | { type: 'line'; at: number; event: 'waiting' | 'gave-up' }
  /** The file, as the adapter's `onEvent` tells; `latestAt` where another machine's clock says when, and may be off. */
  | {
      type: 'file'
      at: number
      latestAt?: number
      event: 'commit' | 'conflict' | 'recovery' | 'journal-restored'
      token: number
    }
  /** Stopped, with nothing under way. */
  | { type: 'end'; at: number }

/** CLOCK_MONOTONIC, in milliseconds. */
export const monotonicMs = (): number => Number(process.hrtime.bigint() / 1000n) / 1000

/** Appends to a worker's log: what is written is kept when the worker is killed, for the operating system has it. */
export class HistoryWriter {
  readonly #descriptor: number

  /** @param path a file on a local disk, or `-` for the standard output */
  constructor(path: string) {
    this.#descriptor = path === '-' ? 1 : openSync(path, 'a')
  }

  write(record: HistoryRecord): void {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`)
    for (let written = 0; written < bytes.length; ) written += this.#writeSome(bytes.subarray(written))
  }

  #writeSome(bytes: Buffer): number {
    try {
      return writeSync(this.#descriptor, bytes)
    } catch (error) {
      // A pipe that is full, where the standard output does not block.
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0
      throw error
    }
  }

  close(): void {
    if (this.#descriptor !== 1) closeSync(this.#descriptor)
  }
}
