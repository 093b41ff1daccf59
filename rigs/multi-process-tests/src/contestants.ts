import { _createClient } from '@libsql/client/sqlite3'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import { openDatabase } from '@sqlite-efs/database'
import { VFS_FOR_TESTS } from '@sqlite-efs/database/internal'
import { DynamoDBLeaser, type Leaser, LocalLeaser } from '@sqlite-efs/lease'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { SqliteEfsAdapter } from 'prisma-adapter-sqlite-efs/internal'
import { PrismaClient } from './generated/prisma/client.js'

/**
 * What stands between the processes:
 *
 * - `lease`: this project's adapter, as users have it.
 * - `lease alone`: the same, with SQLite's own file locks switched off.
 * - `nothing`: the same again, with a lease that each process hands out to itself.
 * - `file locks`: Prisma's official adapter, which knows nothing else.
 * - `official without locks`: that adapter, with SQLite's own file locks switched off as for `lease alone`.
 */
export type Contestant = 'lease' | 'lease alone' | 'nothing' | 'file locks' | 'official without locks'

export const TABLE = 'locks'

/** Long enough for the slowest machine: nothing here is about waiting. */
const PATIENCE_MS = 30_000

export function openClient(contestant: Contestant, path: string): PrismaClient {
  return new PrismaClient({
    adapter: adapterOf(contestant, path),
    transactionOptions: { maxWait: PATIENCE_MS + 1000, timeout: PATIENCE_MS },
  })
}

function adapterOf(contestant: Contestant, path: string) {
  switch (contestant) {
    case 'lease':
      return new PrismaSqliteEfs({ url: path, lease: { tableName: TABLE, transactionTimeoutMs: PATIENCE_MS } })
    case 'lease alone':
      return withoutFileLocks(path, new DynamoDBLeaser({ tableName: TABLE }))
    case 'nothing':
      return withoutFileLocks(path, new LocalLeaser())
    case 'file locks':
      return new PrismaLibSql({ url: `file:${path}` })
    case 'official without locks':
      return officialWithoutFileLocks(path)
  }
}

function withoutFileLocks(path: string, leaser: Leaser) {
  const options = { path, leaser, transactionTimeoutMs: PATIENCE_MS, [VFS_FOR_TESTS]: 'unix-none' }
  return {
    provider: 'sqlite' as const,
    adapterName: 'prisma-adapter-sqlite-efs',
    connect: async () =>
      new SqliteEfsAdapter(openDatabase(options), { timestampFormat: 'iso8601', transactionMode: 'immediate' }),
  }
}

/** The official adapter refuses a url with a VFS in it, so its client is made here, as it would make it. */
function officialWithoutFileLocks(path: string) {
  const client = {
    scheme: 'file',
    path: `file:${path}?vfs=unix-none`,
    tls: false,
    intMode: 'number',
    concurrency: 20,
  } as const
  const createClient = () =>
    _createClient({
      ...client,
      authority: undefined,
      authToken: undefined,
      encryptionKey: undefined,
      syncUrl: undefined,
      syncInterval: undefined,
      readYourWrites: undefined,
      offline: undefined,
      timeout: undefined,
      remoteEncryptionKey: undefined,
      fetch: undefined,
    })
  return Object.assign(new PrismaLibSql({ url: `file:${path}` }), { createClient })
}
