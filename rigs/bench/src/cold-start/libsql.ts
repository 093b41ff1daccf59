import { PrismaLibSql } from '@prisma/adapter-libsql'
import { databaseUrl, firstQuery } from './first-query.js'

await firstQuery(() => new PrismaLibSql({ url: databaseUrl }))
