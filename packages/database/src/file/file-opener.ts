import { DatabaseError } from '../contract/errors.js'
import { Connection } from '../engine/connection.js'
import { READONLY_ROLLBACK } from '../engine/sqlite-error.js'
import { createDataFile, inspectDataFile } from './data-file.js'
import { journalState, putJournalInPlace } from './journal.js'
import type { CheckedOptions } from './options.js'

/** Opens connections to a file, and makes the file only for those who may. */
export class FileOpener {
  readonly #options: CheckedOptions
  #mayCreate = false

  constructor(options: CheckedOptions) {
    this.#options = options
  }

  /** Only a script, a migration, or a statement that defines something makes a database where there is none. One turn at a time. */
  async allowedToCreate<T>(action: () => Promise<T>): Promise<T> {
    this.#mayCreate = true
    try {
      return await action()
    } finally {
      this.#mayCreate = false
    }
  }

  /** @throws DatabaseError `NOT_FOUND`, and what {@link inspectDataFile} throws */
  mustBeThere(): void {
    if (inspectDataFile(this.#options.path) === 'missing') throw this.#notFound()
  }

  /** @throws DatabaseError `NOT_FOUND`, `CONFIGURATION`, `SQLITE` */
  openReader(): Connection {
    const { path, pragmas, vfs } = this.#options
    this.mustBeThere()
    const journal = journalState(path)
    if (journal === 'missing') putJournalInPlace(path)
    // Only a writer may fill it: the same way out as for a hot journal.
    if (journal === 'empty')
      throw new DatabaseError('SQLITE', `${path} has an empty journal`, { path, extendedCode: READONLY_ROLLBACK })
    return new Connection({ path, pragmas, vfs, mode: 'read-only' })
  }

  /** @throws DatabaseError `NOT_FOUND`, `CONFIGURATION`, `SQLITE` */
  openWriter(): Connection {
    const { path, pragmas, vfs, fencing } = this.#options
    if (inspectDataFile(path) === 'missing') {
      if (!this.#mayCreate) throw this.#notFound()
      createDataFile({ path, pragmas, fencing })
    }
    if (journalState(path) === 'missing') putJournalInPlace(path)
    return new Connection({ path, pragmas, vfs, mode: 'read-write' })
  }

  #notFound(): DatabaseError {
    const { path } = this.#options
    const message = `There is no database at ${path}: apply the migrations first, or check the path and the mount.`
    return new DatabaseError('NOT_FOUND', message, { path })
  }
}
