import { randomBytes } from 'node:crypto'
import { closeSync, ftruncateSync, openSync, unlinkSync, write as writeCallback } from 'node:fs'
import { join } from 'node:path'
import { Connection } from '../engine/connection.js'
import { readFully, writeFully } from '../file/descriptor.js'
import { beginRead, endRead } from '../read/read-lock.js'
import type { Pragmas } from '../sql/pragmas.js'
import type { Header, PageOne } from './header.js'

/** Where copies are, and how they are read. */
export interface CopyPlace {
  /** The database that is copied: errors name it. */
  path: string
  directory: string
  pragmas: Pragmas
}

/** A file on this process's own disk that is to become a {@link Copy}. */
export class CopyFile {
  readonly #place: CopyPlace
  readonly #path: string
  readonly #descriptor: number
  #isUnlinked = false
  #isRemoved = false

  /** Creates it; throws where the folder can't be written. */
  constructor(place: CopyPlace) {
    this.#place = place
    this.#path = join(place.directory, `sqlite-efs-replica-${process.pid}-${randomBytes(6).toString('hex')}`)
    this.#descriptor = openSync(this.#path, 'wx+', 0o600)
  }

  write(position: number, bytes: Uint8Array): void {
    writeFully(this.#descriptor, position, bytes)
  }

  async writeInBackground(position: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) done += await writeOnce(this.#descriptor, bytes, done, position + done)
  }

  read(position: number, bytes: number): Buffer {
    const content = readFully(this.#descriptor, position, bytes)
    if (content.length < bytes) throw new Error(`the copy ends at byte ${position + content.length}`)
    return content
  }

  truncate(bytes: number): void {
    ftruncateSync(this.#descriptor, bytes)
  }

  /** Opens what was written as a database. Its name goes, so that it is this process's alone and ends with it. */
  connect(): Connection {
    const { path, pragmas } = this.#place
    try {
      return new Connection({ path, file: this.#path, pragmas, mode: 'read-only', vfs: 'unix-none' })
    } finally {
      this.#unlink()
    }
  }

  #unlink(): void {
    if (this.#isUnlinked) return
    this.#isUnlinked = true
    unlinkSync(this.#path)
  }

  /** Frees its space. Never throws: there is nothing left to do about it. */
  remove(): void {
    if (this.#isRemoved) return
    this.#isRemoved = true
    // libsql keeps its own descriptor until its statements are collected as garbage; so the space is given back before the descriptor.
    const steps = [() => this.#unlink(), () => ftruncateSync(this.#descriptor, 0), () => closeSync(this.#descriptor)]
    for (const step of steps) {
      try {
        step()
      } catch {
        // The folder is gone, or its disk fails. A write that was acknowledged must not fail for that.
      }
    }
  }
}

/**
 * A copy of the database as one commit left it: {@link Copy.header} says which. It is never read while it is patched, for both happen
 * in one go.
 */
export class Copy {
  readonly connection: Connection
  readonly #file: CopyFile
  readonly #place: CopyPlace
  #header: Header
  #pins = 0
  #isDropped = false

  /** @throws DatabaseError where what was written is no database */
  constructor(place: CopyPlace, file: CopyFile, header: Header) {
    this.#place = place
    this.#file = file
    this.#header = header
    this.connection = file.connect()
  }

  /** The header of the state that it holds. */
  get header(): Header {
    return this.#header
  }

  /** Whether a transaction reads it that must see this state and no other. */
  get isPinned(): boolean {
    return this.#pins > 0
  }

  /** Runs what reads; all of it sees one state. */
  read<T>(action: (connection: Connection) => T): T {
    beginRead(this.connection)
    try {
      return action(this.connection)
    } finally {
      endRead(this.connection)
    }
  }

  /** One page of the state that it holds. */
  page(page: number): Buffer {
    const { pageSize } = this.#header
    return this.#file.read((page - 1) * pageSize, pageSize)
  }

  /**
   * Makes it a copy of the next state. Throws where the disk is full, and must be dropped then: it is of no state.
   *
   * @param pages all in which the two states may differ
   * @param pageOne is written last
   */
  patch(pages: ReadonlyMap<number, Uint8Array>, { content, header }: PageOne): void {
    for (const [page, changed] of pages) this.#file.write((page - 1) * header.pageSize, changed)
    this.#file.truncate(header.fileBytes)
    this.#file.write(0, content)
    this.#header = header
  }

  /** Makes another copy of the same state. */
  duplicate(): Copy {
    const file = new CopyFile(this.#place)
    try {
      const { fileBytes } = this.#header
      for (let at = 0; at < fileBytes; at += CHUNK_BYTES) {
        file.write(at, this.#file.read(at, Math.min(CHUNK_BYTES, fileBytes - at)))
      }
      return new Copy(this.#place, file, this.#header)
    } catch (error) {
      file.remove()
      throw error
    }
  }

  /** Keeps this state readable until the returned function is called. */
  pin(): () => void {
    this.#pins++
    let isPinned = true
    return () => {
      if (!isPinned) return
      isPinned = false
      this.#pins--
      if (this.#isDropped) this.#remove()
    }
  }

  /** Frees its space, as soon as no transaction has it pinned. */
  drop(): void {
    if (this.#isDropped) return
    this.#isDropped = true
    this.#remove()
  }

  #remove(): void {
    if (this.#pins > 0) return
    this.connection.close()
    this.#file.remove()
  }
}

/** So much is copied in one go. */
export const CHUNK_BYTES = 2 ** 20

const writeOnce = (descriptor: number, bytes: Uint8Array, offset: number, position: number) =>
  new Promise<number>((resolve, reject) => {
    writeCallback(descriptor, bytes, offset, bytes.length - offset, position, (error, count) => {
      if (error) reject(error)
      else resolve(count)
    })
  })
