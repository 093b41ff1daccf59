/** One step of a deploy, as it happens. */
export interface MigrationProgress {
  /** `applying`: its transaction is open. `applied`: it is on disk. */
  type: 'applying' | 'applied'
  /** The migration: the name of its folder. */
  name: string
  /** Which of the `count` it is, from 0. */
  index: number
  /** How many this call has applied, is applying, and has still to apply. */
  count: number
}

/** Options of `migrate`. */
export interface MigrateOptions {
  /**
   * How long to wait for the turn, in milliseconds: another host may have a long migration under way. Once the turn has come,
   * the migrations take as long as they take.
   *
   * @default 600000, ten minutes
   */
  timeoutMs?: number
  /** Hears of each migration. What it throws is ignored. */
  onProgress?: (event: MigrationProgress) => void
}

/** What `migrate` did. */
export interface MigrateResult {
  /** The migrations that this call applied, in their order; empty where there was nothing to do. */
  applied: string[]
}

/**
 * Where a database stands, by what its table `_prisma_migrations` and the folder say; as `prisma migrate status`. All lists are of
 * names of migrations, in their order.
 */
export interface MigrationStatus {
  /** Whether the database has a table `_prisma_migrations`. */
  hasMigrationsTable: boolean
  /** Applied, and not rolled back since. */
  applied: string[]
  /** In the folder, and to be applied by the next deploy. */
  pending: string[]
  /** Begun and not ended, or failed: nothing is deployed before each is resolved. */
  failed: string[]
  /** Applied, and not in the folder: deployed from another branch, or deleted. No obstacle. */
  missing: string[]
  /** In the table, with another checksum than the folder's file: changed since. No obstacle. */
  edited: string[]
}
