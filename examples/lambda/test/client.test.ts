import { expect, test } from 'vitest'
import { createClient } from '../src/client.js'

const ENV = {
  DATABASE_URL: 'file:/mnt/efs/bookings.db',
  SQLITE_LOCK_DYNAMODB_TABLE: 'locks',
  AWS_REGION: 'eu-central-1',
}

test.each(['DATABASE_URL', 'SQLITE_LOCK_DYNAMODB_TABLE'])('an instance without %s does not start', (name) => {
  expect(() => createClient({ ...ENV, [name]: undefined })).toThrow(`${name} is not set`)
})

test('an instance with both starts without touching either', () => {
  expect(() => createClient(ENV)).not.toThrow()
})
