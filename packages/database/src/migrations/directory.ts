import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { check } from '../contract/check.js'
import { DatabaseError } from '../contract/errors.js'
import { refuseUnreadable, refuseUnsafe } from '../sql/classify.js'
import { splitStatements } from '../sql/scanner.js'

/** A folder of `prisma/migrations`. */
export interface Migration {
  /** The folder's name. */
  name: string
  /** Its `migration.sql`. */
  file: string
  /** What is in the file; undefined where there is none. */
  script: string | undefined
}

const LOCK_FILE = 'migration_lock.toml'
const PROVIDER = /^provider\s*=\s*["']?([^"'\s]*)/m

/**
 * The migrations of a folder in the order in which Prisma applies them, and by its rules: each folder is one, files are none
 * (https://www.prisma.io/docs/orm/prisma-migrate/understanding-prisma-migrate/migration-histories).
 *
 * @throws DatabaseError `CONFIGURATION` where there is no such folder, or a file in it can't be read, `MIGRATION_PROVIDER_MISMATCH`
 */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const folder = resolve(check.text('directory', directory))
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw noFolder(folder, error)
  })
  await checkProvider(folder)
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const migrations: Migration[] = []
  // One after the other: there may be more of them than descriptors.
  for (const name of names.toSorted((one, other) => one.localeCompare(other))) {
    const file = join(folder, name, 'migration.sql')
    migrations.push({ name, file, script: await read(file) })
  }
  return migrations
}

/** Undefined where there is no such file. */
async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw new DatabaseError(
      'CONFIGURATION',
      `${file} can't be read (${(error as Error).message}): make it readable for this process.`,
      { option: 'directory' },
      { cause: error },
    )
  }
}

const noFolder = (folder: string, cause: unknown) =>
  check.wrong('directory', 'be the folder of the migrations, usually prisma/migrations', folder, {
    hint: `it can't be read (${(cause as Error).message}). On AWS Lambda it has to be in the function's package`,
    cause,
  })

/** A folder without the lock file is taken as it is, as Prisma does. */
async function checkProvider(folder: string): Promise<void> {
  const content = await read(join(folder, LOCK_FILE))
  if (content === undefined) return
  const provider = PROVIDER.exec(content)?.[1]
  if (provider === 'sqlite') return
  throw new DatabaseError(
    'MIGRATION_PROVIDER_MISMATCH',
    `${join(folder, LOCK_FILE)} names ${provider ? `the provider ${provider}` : 'no provider'}, not sqlite: these migrations are another database's. Give the folder of the SQLite ones, or begin a new history with \`prisma migrate dev\`.`,
    { option: 'directory' },
  )
}

/**
 * The script of a migration that is about to be applied.
 *
 * @throws DatabaseError `MIGRATION_FILE_MISSING` where it has none, `STATEMENT_REFUSED` where one of its statements can't be run
 */
export function scriptOf({ name, file, script }: Migration): string {
  if (script === undefined) {
    throw new DatabaseError(
      'MIGRATION_FILE_MISSING',
      `Migration ${name} has no file ${file}. Restore the file, or delete the folder.`,
      {
        migrations: [name],
      },
    )
  }
  try {
    refuseUnreadable(script)
    for (const sql of splitStatements(script)) refuseUnsafe(sql, 'script')
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    const message = `Migration ${name} is not applied. ${error.message} Edit ${file}: nothing of it was run.`
    throw new DatabaseError(error.code, message, { ...error.details, migrations: [name] }, { cause: error })
  }
  return script
}
