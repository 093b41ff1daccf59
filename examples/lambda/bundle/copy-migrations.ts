import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))

/** Puts `prisma/migrations` into the package of the migration function, where `src/migrate.ts` looks for them. */
export async function copyMigrations(folder: string): Promise<void> {
  await cp(MIGRATIONS, join(folder, 'prisma/migrations'), { recursive: true })
}
