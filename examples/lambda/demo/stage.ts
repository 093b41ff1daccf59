import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable, DynamoDBLeaser, type Leaser } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { PrismaClient } from '../src/generated/prisma/client.js'

const TABLE = 'booking-locks'
const MIGRATIONS = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url))

/** What the service runs on: a DynamoDB API with the table of the lease, and a database. */
export interface Stage extends AsyncDisposable {
  /** The database file. */
  readonly path: string
  /** The environment of the service. */
  readonly env: Readonly<Record<string, string>>
  readonly leaser: Leaser
  readonly leaseKey: string
  /** A new adapter on the file. */
  adapter(): PrismaSqliteEfs
}

/** A stage with a migrated database. */
export async function setStage(): Promise<Stage> {
  const stage = await openStage()
  try {
    await migrate(stage)
    return stage
  } catch (error) {
    await stage[Symbol.asyncDispose]()
    throw error
  }
}

/**
 * A stage with a database that is as it is, or not there yet.
 *
 * @param file - the database: @default one in a folder that goes with the stage
 */
export async function openStage(file?: string): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'sqlite-efs-demo-'))
  const dynamodb = await startDynamoDB()
  const dispose = async () => {
    await dynamodb.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const client = new DynamoDBClient(dynamodb.config)
    await createLeaseTable(client, TABLE)
    const path = file ?? join(folder, 'bookings.db')
    return {
      path,
      env: { ...dynamodb.env, DATABASE_URL: `file:${path}`, SQLITE_LOCK_DYNAMODB_TABLE: TABLE },
      leaser: new DynamoDBLeaser({ client, tableName: TABLE }),
      leaseKey: `database#${path}`,
      adapter: () => new PrismaSqliteEfs({ url: path, lease: { tableName: TABLE, client } }),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** An event with `seats` free seats. */
export async function seed(stage: Stage, { id, seats }: { id: string; seats: number }): Promise<void> {
  const prisma = new PrismaClient({ adapter: stage.adapter() })
  await prisma.event.create({
    data: {
      id,
      name: 'An evening on one file',
      startsAt: new Date('2027-01-01T20:00:00Z'),
      details: JSON.stringify({ seatPrice: 4_500, currency: 'EUR' }),
      seats: { create: Array.from({ length: seats }, (_, index) => ({ number: index + 1 })) },
    },
  })
  await prisma.$disconnect()
}

async function migrate(stage: Stage): Promise<void> {
  const adapter = await stage.adapter().connect()
  const folders = (await readdir(MIGRATIONS, { withFileTypes: true })).filter((entry) => entry.isDirectory())
  for (const { name } of folders.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    await adapter.executeScript(await readFile(join(MIGRATIONS, name, 'migration.sql'), 'utf8'))
  }
  await adapter.dispose()
}
