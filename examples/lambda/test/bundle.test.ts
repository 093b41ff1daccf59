import { execFile } from 'node:child_process'
import { mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { createLeaseTable } from '@sqlite-efs/lease'
import { startDynamoDB } from '@sqlite-efs/toolkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BundleReport, bundle } from '../bundle/bundle.js'
import { TARGETS, type Target } from '../bundle/target.js'
import { request } from '../demo/request.js'

const MEGABYTE = 1e6
const HERE: Target = process.arch === 'arm64' ? 'linux-arm64-gnu' : 'linux-x64-gnu'
/** https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html: e_machine, at byte 18. */
const ELF_MACHINE = { 'linux-arm64-gnu': 0xb7, 'linux-x64-gnu': 0x3e } as const
/** One invocation in a process of its own, in the package's folder, as on Lambda. */
const INVOKE = `
const { handler } = await import(process.cwd() + '/index.mjs')
const answer = await handler(JSON.parse(process.argv[1]), { getRemainingTimeInMillis: () => 30_000 })
process.stderr.write(JSON.stringify(answer))
process.exit()
`

let folder: string
let reports: Record<Target, BundleReport>

beforeAll(async () => {
  // Outside of the repository nothing is found that is not in the package.
  folder = await mkdtemp(join(tmpdir(), 'sqlite-efs-bundle-'))
  const made = TARGETS.map(async (target) => [target, await bundle({ target, folder: join(folder, target) })] as const)
  reports = Object.fromEntries(await Promise.all(made)) as Record<Target, BundleReport>
})

afterAll(() => rm(folder, { recursive: true, force: true }))

test.each(TARGETS)('the packages for %s are as small as they are said to be', (target) => {
  const { api, migrate, 'open-event': openEvent } = reports[target].functions
  expect(openEvent.bytes).toBeLessThan(13.5 * MEGABYTE)
  expect(openEvent.zippedBytes).toBeLessThan(6 * MEGABYTE)
  expect(api.bytes).toBeLessThan(13.5 * MEGABYTE)
  expect(api.zippedBytes).toBeLessThan(6 * MEGABYTE)
  expect(migrate.bytes).toBeLessThan(11 * MEGABYTE)
  expect(migrate.zippedBytes).toBeLessThan(5 * MEGABYTE)
  expect(api.parts['index.mjs']?.bytes).toBeLessThan(3.2 * MEGABYTE)
  expect(api.parts['index.mjs']?.zippedBytes).toBeLessThan(1.25 * MEGABYTE)
  expect(migrate.parts['index.mjs']?.bytes).toBeLessThan(0.8 * MEGABYTE)
  const packages = ['@neon-rs/load', 'detect-libc', 'index.mjs', 'libsql', `@libsql/${target}`].toSorted()
  expect(Object.keys(api.parts).toSorted()).toEqual(packages)
  expect(Object.keys(migrate.parts).toSorted()).toEqual([...packages, 'prisma'])
})

test.each(TARGETS)('the only binary in the packages for %s is for that processor', async (target) => {
  for (const { folder: made } of Object.values(reports[target].functions)) {
    const files = await readdir(made, { recursive: true })
    const binaries = files.filter((name) => name.endsWith('.node'))
    expect(binaries).toEqual([join('node_modules/@libsql', target, 'index.node')])
    await using file = await open(join(made, binaries[0]!))
    const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0)
    expect(buffer.readUInt16LE(18)).toBe(ELF_MACHINE[target])
  }
})

test('outside of the repository, the packages migrate an empty folder, open an event and book a seat', async () => {
  await using dynamodb = await startDynamoDB()
  const client = new DynamoDBClient(dynamodb.config)
  const tableName = 'booking-locks'
  await createLeaseTable(client, tableName)
  const url = `file:${join(folder, 'bookings.db')}`
  // By its function's name it knows that it is on Lambda, and says its last word before it answers.
  const lambda = { AWS_LAMBDA_FUNCTION_NAME: 'booking' }
  const env = { ...dynamodb.env, ...lambda, DATABASE_URL: url, SQLITE_LOCK_DYNAMODB_TABLE: tableName }
  const { api, migrate, 'open-event': openEvent } = reports[HERE].functions

  expect((await invoke(migrate.folder, env, {})).answer).toMatchObject({ applied: ['20261124000000_init'] })

  const gala = { id: 'gala', name: 'Gala', startsAt: '2027-01-01T20:00:00Z', seats: 2, seatPrice: 4500 }
  expect((await invoke(openEvent.folder, env, gala)).answer).toEqual({ id: 'gala', seats: 2 })

  const { answer, log } = await invoke(api.folder, env, request('POST', '/bookings', { eventId: 'gala', buyer: 'Ada' }))
  expect(answer).toMatchObject({ statusCode: 201, body: expect.stringContaining('"seatNumber":1') as string })
  // What the alarms are on.
  expect(JSON.parse(log)).toMatchObject({
    FunctionName: 'booking',
    LeaseWait: expect.any(Number) as number,
    Commits: 1,
  })
})

interface Invoked {
  answer: unknown
  /** What CloudWatch Logs would take. */
  log: string
}

async function invoke(cwd: string, env: Record<string, string>, event: unknown): Promise<Invoked> {
  const args = ['--no-warnings', '--input-type=module', '--eval', INVOKE, JSON.stringify(event)]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd, env })
  return { answer: JSON.parse(stderr) as unknown, log: stdout }
}
