import { _createClient } from '@libsql/client/sqlite3'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlDriverAdapter, SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { type DatabaseEvent, openDatabase } from '@sqlite-efs/database'
import { VFS_FOR_TESTS } from '@sqlite-efs/database/internal'
import { DynamoDBLeaser, type LeaseEvent, LocalLeaser } from '@sqlite-efs/lease'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { SqliteEfsAdapter } from 'prisma-adapter-sqlite-efs/internal'
import { PrismaClient } from '../generated/prisma/client.js'
import type { WorkerConfig } from './worker-config.js'

/** The lease's table. */
export const TABLE = 'locks'

/** Long enough for the slowest machine. */
const ENDLESS_MS = 30_000

type Listener = (event: LeaseEvent | DatabaseEvent) => void

/** How a worker gets at the file. */
export interface Client {
  prisma: PrismaClient
  /** What the client was given. */
  adapter: SqlDriverAdapterFactory
  /** Runs several statements as one script, as Prisma Migrate would. */
  script(sql: string): Promise<void>
  close(): Promise<void>
}

/** What a client needs to know of a worker. */
export type ClientConfig = Pick<
  WorkerConfig,
  'contestant' | 'file' | 'leaseKey' | 'ttlMs' | 'maxClockSkewMs' | 'patience' | 'transactionMode'
>

/** A client of the file, as the worker is to have it. */
export function openClient(config: ClientConfig, onEvent: Listener): Client {
  const { maxWaitMs, transactionMs } = waitsOf(config)
  const adapter = adapterOf(config, onEvent)
  const prisma = new PrismaClient({
    adapter,
    transactionOptions: { maxWait: maxWaitMs, timeout: transactionMs },
  })
  let scripts: Promise<SqlDriverAdapter> | undefined
  return {
    prisma,
    adapter,
    script: async (sql) => {
      scripts ??= connectForScripts(adapter)
      await (await scripts).executeScript(sql)
    },
    close: async () => {
      await prisma.$disconnect()
      await (await scripts)?.dispose()
    },
  }
}

async function connectForScripts(factory: SqlDriverAdapterFactory): Promise<SqlDriverAdapter> {
  const adapter = await factory.connect()
  // Says that this is no schema engine, which wants its errors in other words.
  adapter.getConnectionInfo?.()
  return adapter
}

interface Waits {
  /** Prisma's own: for the start of a transaction, and for all of it. */
  maxWaitMs: number
  transactionMs: number
  /** The adapter's; its defaults where there are none. */
  lease: { timeoutMs?: number; transactionTimeoutMs?: number }
}

function waitsOf({ patience, ttlMs }: ClientConfig): Waits {
  switch (patience) {
    case 'patient':
      return {
        maxWaitMs: 5 * ttlMs + 500,
        transactionMs: 3 * ttlMs,
        lease: { timeoutMs: 5 * ttlMs, transactionTimeoutMs: 5 * ttlMs },
      }
    case 'endless':
      return { maxWaitMs: ENDLESS_MS + 1000, transactionMs: ENDLESS_MS, lease: { transactionTimeoutMs: ENDLESS_MS } }
    case 'default':
      return { maxWaitMs: 2000, transactionMs: 5000, lease: {} }
    case 'hasty':
      return { maxWaitMs: 150, transactionMs: 60, lease: { timeoutMs: 120, transactionTimeoutMs: 200 } }
  }
}

function adapterOf(config: ClientConfig, onEvent: Listener): SqlDriverAdapterFactory {
  const { contestant, file, leaseKey, ttlMs, maxClockSkewMs, transactionMode } = config
  const { lease } = waitsOf(config)
  switch (contestant) {
    case 'lease':
      return new PrismaSqliteEfs({
        url: file,
        lease: { tableName: TABLE, ttlMs, maxClockSkewMs, ...(leaseKey && { key: leaseKey }), ...lease },
        transactionMode,
        onEvent,
      })
    case 'lease-without-file-locks': {
      const leaser = new DynamoDBLeaser({ tableName: TABLE, ttlMs, maxClockSkewMs, onEvent })
      return withoutFileLocks({ path: file, leaser, onEvent, ...lease }, transactionMode)
    }
    case 'nothing':
      return withoutFileLocks({ path: file, leaser: new LocalLeaser({ onEvent }), onEvent, ...lease }, transactionMode)
    case 'official':
      return new PrismaLibSql({ url: `file:${file}` })
    case 'official-without-file-locks':
      return officialWithoutFileLocks(file)
  }
}

function withoutFileLocks(options: Parameters<typeof openDatabase>[0], transactionMode: 'immediate' | 'deferred') {
  const withVfs = { ...options, [VFS_FOR_TESTS]: 'unix-none' }
  return {
    provider: 'sqlite' as const,
    adapterName: 'prisma-adapter-sqlite-efs',
    connect: async () => new SqliteEfsAdapter(openDatabase(withVfs), { timestampFormat: 'iso8601', transactionMode }),
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
