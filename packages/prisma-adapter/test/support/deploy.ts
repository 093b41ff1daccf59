// One invocation of a migration Lambda, as a process of its own: says what happens to its lease, and at the end what it applied.
import { migrationHandler } from '../../src/lambda.js'

const [, , url, migrations] = process.argv
const handler = migrationHandler({
  url: url!,
  migrations: migrations!,
  lease: { tableName: 'app-locks' },
  onEvent: ({ type }) => process.stdout.write(`${type}\n`),
})
const { applied } = await handler({}, { getRemainingTimeInMillis: () => 60_000 })
process.stdout.write(`${JSON.stringify(applied)}\n`)
