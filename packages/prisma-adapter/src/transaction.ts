import type { Transaction as PrismaTransaction, TransactionOptions } from '@prisma/driver-adapter-utils'
import type { Transaction } from '@sqlite-efs/database'
import { type Conversion, Queryable, withPrismaErrors } from './queryable.js'

/** A transaction, as Prisma's transaction manager drives it. */
export class SqliteEfsTransaction extends Queryable implements PrismaTransaction {
  /** Prisma calls commit() and rollback() instead of sending COMMIT and ROLLBACK. */
  readonly options: TransactionOptions = { usePhantomQuery: true }
  readonly #transaction: Transaction

  constructor(transaction: Transaction, conversion: Conversion) {
    super(transaction, conversion)
    this.#transaction = transaction
  }

  /** Prisma does not call rollback() after a failed commit: the database has cleaned up by then. */
  commit(): Promise<void> {
    return withPrismaErrors('[commit]', () => this.#transaction.commit())
  }

  rollback(): Promise<void> {
    return withPrismaErrors('[rollback]', () => this.#transaction.rollback())
  }

  createSavepoint(name: string): Promise<void> {
    return withPrismaErrors('[createSavepoint]', () => this.#transaction.savepoint(name))
  }

  rollbackToSavepoint(name: string): Promise<void> {
    return withPrismaErrors('[rollbackToSavepoint]', () => this.#transaction.rollbackTo(name))
  }

  releaseSavepoint(name: string): Promise<void> {
    return withPrismaErrors('[releaseSavepoint]', () => this.#transaction.releaseSavepoint(name))
  }
}
