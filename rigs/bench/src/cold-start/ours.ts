import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { databaseUrl, firstQuery } from './first-query.js'

await firstQuery(() => new PrismaSqliteEfs({ url: databaseUrl, lease: { tableName: 'leases' } }))
