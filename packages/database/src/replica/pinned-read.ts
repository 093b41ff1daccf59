import { DatabaseError } from '../contract/errors.js'
import type { ResultSet, SqlValue, StatementKind } from '../contract/values.js'
import type { FileConnection } from '../engine/connection.js'
import { isConnectionDoubtful } from '../engine/sqlite-error.js'
import type { LastingRead } from '../read/lasting-read.js'
import type { Copy } from './copy.js'
import { type Header, pageOneOf } from './header.js'

/** A read of a copy that lasts: the copy stays as it is, no lock is held, and no COMMIT waits. */
export class PinnedRead implements LastingRead {
  readonly #path: string
  readonly #copy: Copy
  readonly #header: Header
  readonly #unpin: () => void
  #isLost = false

  constructor(path: string, copy: Copy) {
    this.#path = path
    this.#copy = copy
    this.#header = copy.header
    this.#unpin = copy.pin()
  }

  get isLost(): boolean {
    return this.#isLost
  }

  kindOf(sql: string): StatementKind {
    return this.#reading(() => this.#copy.read((connection) => connection.kindOf(sql, 'transaction')))
  }

  run(sql: string, args: readonly SqlValue[]): ResultSet {
    return this.#reading(() => this.#copy.read((connection) => ({ ...connection.run(sql, args), changes: 0 })))
  }

  #reading<T>(action: () => T): T {
    try {
      return action()
    } catch (error) {
      if (!isConnectionDoubtful(error)) throw error
      this.#isLost = true
      this.#unpin()
      throw new DatabaseError(
        'WRITE_CONFLICT',
        `This transaction read a replica of ${this.#path} on this process's own disk, and that can't be read any more. Nothing was written; it is safe to try again.`,
        { path: this.#path },
        { cause: error },
      )
    }
  }

  end(): void {
    this.#unpin()
  }

  hasChanged({ connection }: { readonly connection: FileConnection }): boolean {
    return connection.isMoved || !pageOneOf(connection)?.header.isSame(this.#header)
  }

  giveBack(): void {
    this.#unpin()
  }
}
