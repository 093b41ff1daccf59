import { folderUntil } from '@sqlite-efs/toolkit/temporary-folder'
import { afterAll, beforeAll, describe } from 'vitest'
import { DjangoCompatibleLeaser, DynamoDBLeaser, LocalLeaser } from '../src/index.js'
import { systemClock } from '../src/time/clock.js'
import { type LeaserFactory, leaserContract } from './contract.js'
import { clientOf, startDynamoDB, TABLE, type TestDynamoDB } from './dynalite.js'

let db: TestDynamoDB
const directory = folderUntil(afterAll)

beforeAll(async () => {
  db = await startDynamoDB()
})

afterAll(async () => {
  await db.stop()
})

describe('DynamoDBLeaser', () => {
  leaserContract((options = {}) => {
    return new DynamoDBLeaser({ tableName: TABLE, client: clientOf(db, options.clock ?? systemClock), ...options })
  })
})

describe('DjangoCompatibleLeaser', () => {
  const create: LeaserFactory = (options = {}) => {
    const client = clientOf(db, options.clock ?? systemClock)
    return new DjangoCompatibleLeaser({ tableName: TABLE, client, ...options })
  }
  leaserContract(create, { fair: false, takeoverMs: 6000 + 2 * 500 })
})

describe('LocalLeaser in memory', () => {
  leaserContract((options) => new LocalLeaser(options))
})

describe('LocalLeaser in files', () => {
  leaserContract((options) => new LocalLeaser({ directory, ...options }))
})
