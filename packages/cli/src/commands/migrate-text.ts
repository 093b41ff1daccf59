import type { MigrateResult, MigrationStatus } from '@sqlite-efs/database/migrations'

/** What was deployed, as Prisma's CLI says it. */
export function deployedText({ applied }: MigrateResult, folder: string): string {
  if (applied.length === 0) return `No pending migrations to apply from ${folder}.`
  const tree = applied.map((name) => `  └─ ${name}/\n    └─ migration.sql`)
  return [
    'The following migration(s) have been applied:',
    '',
    'migrations/',
    ...tree,
    '',
    'All migrations have been successfully applied.',
  ].join('\n')
}

/** Where the database stands, as Prisma's CLI says it. */
export function statusText(status: MigrationStatus, folder: string): string {
  const { hasMigrationsTable, applied, pending, failed, missing, edited } = status
  const found = new Set([...applied.filter((name) => !missing.includes(name)), ...pending, ...failed]).size
  const parts = [
    `${found} migration${found === 1 ? '' : 's'} found in ${folder}`,
    list('The following migration(s) have failed:', failed, RESOLVE),
    list(
      'The following migration(s) have not yet been applied:',
      pending,
      'To apply them, with the same options: sqlite-efs migrate deploy',
    ),
    list('The following migration(s) of the database are not in the folder:', missing),
    list('The following migration(s) were changed since they were applied:', edited),
    hasMigrationsTable ? '' : 'The database has no record of migrations yet.',
    pending.length + failed.length === 0 ? 'Database schema is up to date!' : '',
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

const RESOLVE = `Nothing is deployed before each is resolved, with the same options, when what it met is mended:
  sqlite-efs migrate resolve --rolled-back <name>   for the next deploy to try it again
  sqlite-efs migrate resolve --applied <name>       where it was completed by hand`

function list(title: string, names: readonly string[], wayOut = ''): string {
  if (names.length === 0) return ''
  return [title, ...names.map((name) => `  ${name}`), ...(wayOut === '' ? [] : ['', wayOut])].join('\n')
}
