import { afterAll, beforeAll, describe } from 'vitest'
import { DynamoDBLeaser, LocalLeaser, systemClock } from '../src/index.js'
import { leaserContract } from './contract.js'
import { clientOf, startDynamoDB, TABLE, type TestDynamoDB } from './dynalite.js'

let db: TestDynamoDB

beforeAll(async () => {
  db = await startDynamoDB()
})

afterAll(() => db.stop())

describe('DynamoDBLeaser', () => {
  leaserContract((options = {}) => {
    return new DynamoDBLeaser({ tableName: TABLE, client: clientOf(db, options.clock ?? systemClock), ...options })
  })
})

describe('LocalLeaser', () => {
  leaserContract((options) => new LocalLeaser(options))
})
