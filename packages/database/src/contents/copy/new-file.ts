import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import { check } from '../../contract/check.js'
import { DatabaseError } from '../../contract/errors.js'
import { asDatabaseError } from '../../engine/sqlite-error.js'
import { syncFolder } from '../../file/journal.js'
import { removeQuietly } from '../../file/remove.js'

/**
 * Whether a file can be made at a path.
 *
 * @throws DatabaseError `CONFIGURATION` naming the option
 */
export function checkNewPath(option: string, path: unknown): string {
  const wrong = (hint?: string) =>
    check.wrong(option, 'be the absolute path of a file that is not there yet', path, { hint })
  if (typeof path !== 'string' || !isAbsolute(path) || path.includes('\0')) throw wrong()
  if (!isFolder(dirname(path))) {
    throw wrong(`there is no folder ${dirname(path)}. Create it, or mount the file system first`)
  }
  if (existsSync(path))
    throw wrong('there is a file already, and none is overwritten. Give another name, or move it away')
  const besides = besideNewPath(path)
  if (besides) throw wrong(besides)
  return path
}

/** What SQLite finds by a database's name (https://www.sqlite.org/tempfiles.html), and would take for its last transactions. */
const BESIDES = ['-journal', '-wal', '-shm']

/** Why there must be no new file at a path, where another one has left something beside it; undefined otherwise. */
function besideNewPath(path: string): string | undefined {
  const left = BESIDES.map((suffix) => `${path}${suffix}`).find((it) => existsSync(it))
  return (
    left &&
    `there is a file ${left}, which another database of that name has left, and which would change the new one as it is opened. Give another name, or move it away`
  )
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** Those that are not complete: process.exit() takes them away. */
const unfinished = new Set<string>()

function removeUnfinished(): void {
  for (const path of unfinished) removeQuietly(path)
}

function begun(temporaryPath: string): void {
  if (unfinished.size === 0) process.on('exit', removeUnfinished)
  unfinished.add(temporaryPath)
}

function ended(temporaryPath: string): void {
  removeQuietly(temporaryPath)
  unfinished.delete(temporaryPath)
  if (unfinished.size === 0) process.off('exit', removeUnfinished)
}

/** A file that has another name until it is complete: its own name never shows half of it. */
export class NewFile {
  /** The name that it has until then. */
  readonly temporaryPath: string
  readonly #path: string
  readonly #handle: FileHandle

  private constructor(path: string, temporaryPath: string, handle: FileHandle) {
    this.#path = path
    this.temporaryPath = temporaryPath
    this.#handle = handle
  }

  /**
   * @param mode its permissions; those of the database for a copy of it
   * @throws DatabaseError `CONFIGURATION` where the folder can't be written, `SQLITE` for other errors of the file system
   */
  static async create(path: string, mode: number): Promise<NewFile> {
    const temporaryPath = `${path}.${randomBytes(6).toString('hex')}`
    return typed(path, async () => {
      const handle = await open(temporaryPath, 'wx', mode)
      begun(temporaryPath)
      return new NewFile(path, temporaryPath, handle)
    })
  }

  /** @throws DatabaseError `SQLITE` (database or disk is full, say) */
  write(bytes: Uint8Array, position: number): Promise<void> {
    return typed(this.#path, async () => {
      for (let done = 0; done < bytes.length; ) {
        done += (await this.#handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
      }
    })
  }

  /** Gives it its final size, and has it on disk. */
  complete(bytes: number): Promise<void> {
    return typed(this.#path, async () => {
      await this.#handle.truncate(bytes)
      await this.#handle.sync()
    })
  }

  /**
   * Gives it its name.
   *
   * @throws DatabaseError `CONFIGURATION` where another file has taken that meanwhile
   */
  async putInPlace(): Promise<void> {
    await typed(this.#path, async () => {
      await this.#handle.close()
      const besides = besideNewPath(this.#path)
      if (besides)
        throw new DatabaseError('CONFIGURATION', `${this.#path} is not made: ${besides}.`, { path: this.#path })
      // Unlike rename(), it fails where somebody else was first.
      linkSync(this.temporaryPath, this.#path)
      try {
        syncFolder(this.#path)
      } catch (error) {
        // The caller is answered that there is no new file.
        removeQuietly(this.#path)
        throw error
      }
    })
    ended(this.temporaryPath)
  }

  /** Takes it away. Never throws: the reason for it is on its way already. */
  async discard(): Promise<void> {
    await this.#handle.close().catch(() => {})
    ended(this.temporaryPath)
  }
}

async function typed<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw asDatabaseError(error, path)
    const message = `There is a file at ${path} by now, and none is overwritten: give another name, or move it away.`
    throw new DatabaseError('CONFIGURATION', message, { path }, { cause: error })
  }
}
