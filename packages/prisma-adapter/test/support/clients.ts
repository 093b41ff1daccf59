import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PrismaLibSql } from '@prisma/adapter-libsql'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { PrismaSqliteEfs, type PrismaSqliteEfsOptions } from '../../src/index.js'
import { PrismaClient } from '../generated/prisma/client.js'
import { SCHEMA } from './schema.js'

export type Adapter = 'official' | 'ours'

/** What both adapters know. */
export interface CommonOptions {
  timestampFormat?: 'iso8601' | 'unixepoch-ms'
}

/** A folder of its own, with one database in it, and the clients of that database. */
export class Workbench implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'prisma-adapter-'))
  readonly file = join(this.folder, 'app.db')
  readonly #clients: PrismaClient[] = []

  /** A client of ours on the database; it may be changed by `options`. */
  ours(options: Partial<PrismaSqliteEfsOptions> = {}): PrismaClient {
    return this.client(new PrismaSqliteEfs({ url: `file:${this.file}`, lease: 'local', ...options }))
  }

  official({ timestampFormat }: CommonOptions = {}): PrismaClient {
    const options = timestampFormat && { timestampFormat }
    return this.client(new PrismaLibSql({ url: `file:${this.file}` }, options))
  }

  client(adapter: SqlDriverAdapterFactory): PrismaClient {
    return this.manage(new PrismaClient({ adapter }))
  }

  /** Disconnects the client at the end. */
  manage(client: PrismaClient): PrismaClient {
    this.#clients.push(client)
    return client
  }

  /** Creates the tables. */
  async migrate(by: Adapter = 'ours'): Promise<this> {
    const factory =
      by === 'ours'
        ? new PrismaSqliteEfs({ url: this.file, lease: 'local' })
        : new PrismaLibSql({ url: `file:${this.file}` })
    const adapter = await factory.connect()
    await adapter.executeScript(SCHEMA)
    await adapter.dispose()
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.$disconnect()))
    rmSync(this.folder, { recursive: true, force: true })
  }
}
