import { migrationHandler } from 'prisma-adapter-sqlite-efs/lambda'
import { readSettings } from './settings.js'

/** Applies the migrations of this package; run at each deployment, before the API changes. */
export const handler = migrationHandler({ ...readSettings(process.env), migrations: 'prisma/migrations' })
