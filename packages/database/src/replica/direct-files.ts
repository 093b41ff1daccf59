import { closeSync, constants, fstatSync, openSync, read as readCallback } from 'node:fs'
import { identityOf } from '../engine/file-identity.js'
import { processWide } from '../engine/process-wide.js'
import { readFully } from '../file/descriptor.js'
import { journalPathOf } from '../file/journal.js'

/** How the live file is read. */
export interface DirectAccess {
  /** Whether each read asks the server. Only tests on a local disk do without. */
  isDirect: boolean
}

const DESCRIPTORS = Symbol.for('@sqlite-efs/database.descriptors@1')

/** Those of live files, by which file it is. */
const descriptors = () => processWide(DESCRIPTORS, () => new Map<string, number>())

/**
 * The live file beside SQLite: reads that the server answers, and not the kernel's cache. AWS documents that EFS gives read-after-write
 * consistency to synchronous access, such as O_DIRECT (https://docs.aws.amazon.com/efs/latest/ug/features.html#consistency).
 *
 * Its descriptor is never closed. A close drops every POSIX lock that the process has on the file, also those of a database that was
 * opened in the meantime (https://www.sqlite.org/howtocorrupt.html#posix_close_bug).
 */
export class LiveFile {
  /** Which file it is. */
  readonly identity: string
  readonly #descriptor: number
  readonly #journal: Journal

  private constructor(path: string, identity: string, descriptor: number, access: DirectAccess) {
    this.identity = identity
    this.#descriptor = descriptor
    this.#journal = new Journal(path, flagsOf(access))
  }

  /** Opens the file that stands at the path; throws where that fails. */
  static open(path: string, access: DirectAccess): LiveFile {
    const kept = descriptors()
    const known = identityOf(path)
    if (known !== undefined) {
      const descriptor = kept.get(known)
      if (descriptor !== undefined) return new LiveFile(path, known, descriptor, access)
    }
    const descriptor = openSync(path, flagsOf(access))
    const identity = identityOfDescriptor(descriptor)
    kept.set(identity, descriptor)
    return new LiveFile(path, identity, descriptor, access)
  }

  /** Reads in the background, and asks the server after this was called; fewer bytes where the file ends. */
  async readInBackground(position: number, bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(bytes)
    let done = 0
    while (done < bytes) {
      const count = await readOnce(this.#descriptor, buffer, done, position + done)
      if (count === 0) break
      done += count
    }
    return buffer.subarray(0, done)
  }

  /** Reads while the caller waits; throws where the file ends before. */
  read(position: number, bytes: number): Buffer {
    const buffer = readFully(this.#descriptor, position, bytes)
    if (buffer.length < bytes) throw new Error(`the file ends at byte ${position + buffer.length}`)
    return buffer
  }

  /** Reads the start of the journal that SQLite has just looked at; undefined where there is none. */
  readJournal(bytes: number): Buffer | undefined {
    return this.#journal.read(bytes)
  }

  /** Which journal stands beside the database; undefined where there is none. */
  get journalIdentity(): string | undefined {
    return this.#journal.identity
  }

  /** Has the file opened anew next time: a descriptor may fail for good, as with NFS's ESTALE. */
  forget(): void {
    const kept = descriptors()
    if (kept.get(this.identity) === this.#descriptor) kept.delete(this.identity)
    this.close()
  }

  /** Closes the journal, on which there are no locks. */
  close(): void {
    this.#journal.close()
  }
}

/** A journal that is read without SQLite. SQLite takes no lock on it, so its descriptor may be closed. */
export class Journal {
  readonly #path: string
  readonly #flags: number
  #open: { descriptor: number; identity: string } | undefined

  constructor(path: string, flags = constants.O_RDONLY) {
    this.#path = journalPathOf(path)
    this.#flags = flags
  }

  /** Which file stands at its name. It costs no remote call, since SQLite has just looked. */
  get identity(): string | undefined {
    return identityOf(this.#path)
  }

  /** Its first bytes, or fewer where it ends; undefined where there is none. */
  read(bytes: number): Buffer | undefined {
    const { identity } = this
    if (identity === undefined) return undefined
    if (this.#open?.identity !== identity) {
      this.close()
      const descriptor = openSync(this.#path, this.#flags)
      this.#open = { descriptor, identity: identityOfDescriptor(descriptor) }
      if (this.#open.identity !== identity) return undefined
    }
    return readFully(this.#open.descriptor, 0, bytes)
  }

  close(): void {
    if (!this.#open) return
    const { descriptor } = this.#open
    this.#open = undefined
    closeSync(descriptor)
  }
}

const flagsOf = ({ isDirect }: DirectAccess) => constants.O_RDONLY | (isDirect ? constants.O_DIRECT : 0)

function identityOfDescriptor(descriptor: number): string {
  const { dev, ino } = fstatSync(descriptor, { bigint: true })
  return `${dev}:${ino}`
}

const readOnce = (descriptor: number, buffer: Buffer, offset: number, position: number) =>
  new Promise<number>((resolve, reject) => {
    readCallback(descriptor, buffer, offset, buffer.length - offset, position, (error, count) => {
      if (error) reject(error)
      else resolve(count)
    })
  })
