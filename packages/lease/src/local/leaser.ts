import { isAbsolute, normalize } from 'node:path'
import type { AcquireOptions, Contender, Lease, Leaser, LineState, SweepOptions } from '../contract/lease.js'
import { check, checkOptions, type LeaserOptions } from '../contract/options.js'
import type { LineItem } from '../line/line-item.js'
import { LineLeaser } from '../line/line-leaser.js'
import { FileLineStore } from './file-store.js'
import { MemoryLineStore } from './memory-store.js'

/** What a {@link LocalLeaser} may be told. */
export interface LocalLeaserOptions extends LeaserOptions {
  /**
   * An absolute path: the line is kept in files there, and all processes of this machine that name the same directory share
   * it. On a local disk only: on a network file system two hosts would not exclude each other. It is made when the first
   * lease is asked for, in a folder that must be there, and may be deleted when nobody uses it.
   *
   * @default none: the line is in this process's memory, and excludes nobody outside of it
   */
  directory?: string
}

/** Shared by all leasers of the process, so that two of them exclude each other and tokens only grow. */
const items = new Map<string, LineItem>()

/**
 * The same line without DynamoDB, for development and tests: in the files of one machine, or in the memory of one process.
 * It excludes nobody outside of these: use it only where nothing else writes.
 */
export class LocalLeaser implements Leaser {
  readonly name: string
  readonly ttlMs: number
  readonly #line: LineLeaser

  /**
   * Touches no file yet.
   *
   * @throws LeaseError `CONFIGURATION`, naming the option and its value
   */
  constructor(options: LocalLeaserOptions = {}) {
    const settings = checkOptions(options)
    const { directory } = options
    const store =
      directory === undefined
        ? new MemoryLineStore(items)
        : new FileLineStore(checkDirectory(directory), settings.random)
    this.#line = new LineLeaser(store, settings)
    this.name = this.#line.name
    this.ttlMs = settings.ttlMs
  }

  acquire(key: string, options?: AcquireOptions): Promise<Lease> {
    return this.#line.acquire(key, options)
  }

  inspect(key: string): Promise<LineState> {
    return this.#line.inspect(key)
  }

  raise(key: string, floor: number): Promise<void> {
    return this.#line.raise(key, floor)
  }

  sweep(key: string, ticket: number, options?: SweepOptions): Promise<Contender> {
    return this.#line.sweep(key, ticket, options)
  }

  /** Does nothing: no file stays open between two requests. */
  close(): Promise<void> {
    return this.#line.close()
  }
}

function checkDirectory(directory: unknown): string {
  if (typeof directory !== 'string' || !isAbsolute(directory) || directory.includes('\0')) {
    throw check.wrong('directory', 'be an absolute path, so that every process means the same', directory)
  }
  return normalize(directory)
}
