import { rm } from 'node:fs/promises'
import Database from 'libsql'
import { expect, test } from 'vitest'
import type { Fault } from '../src/faults/injector.js'
import { type TortureOptions, torture } from '../src/torture.js'

const SHORT: TortureOptions = {
  contestant: 'lease',
  seconds: 12,
  writers: 3,
  seed: 7,
  ttlMs: 2000,
  maxClockSkewMs: 200,
  killEveryMs: 800,
  freezeEveryMs: 800,
}

/** Whether a COMMIT, or a transaction, is hit is up to the machine. */
const FAULTS: Fault['kind'][] = [
  'kill at random',
  'freeze, short',
  'freeze, about half a lease',
  'freeze, longer than the lease',
]

const hasAllKinds: TortureOptions['isEnough'] = (faults, network) =>
  FAULTS.every((wanted) => faults.some(({ kind }) => kind === wanted)) && Object.keys(network).length > 1

async function violationsOf(options: Partial<TortureOptions>): Promise<string[]> {
  const { report, folder } = await torture({ ...SHORT, seconds: 4, killEveryMs: 1e8, freezeEveryMs: 1e8, ...options })
  if (folder) await rm(folder, { recursive: true })
  return Object.keys(report.violations).toSorted()
}

function run(file: string, ...statements: string[]): void {
  const db = new Database(file)
  // Others write it at the same time.
  db.pragma('busy_timeout = 5000')
  for (const sql of statements) db.exec(sql)
  db.close()
}

test('processes that are killed and frozen, on a network that fails, lose nothing and tear nothing', async () => {
  const { report, folder } = await torture({ ...SHORT, isEnough: hasAllKinds })
  expect({ details: report.details, folder }).toEqual({ details: [], folder: undefined })
  expect(report.acknowledged).toBeGreaterThan(0)
  expect(report.reads).toBeGreaterThan(0)
  expect(report.killsAtWork).toBeGreaterThan(0)
  expect(Object.keys(report.faults)).toEqual(expect.arrayContaining(FAULTS))
  expect(Object.keys(report.network).length).toBeGreaterThan(1)
})

test('what becomes of the file behind everybody’s back is found: by the readers while all goes on, and at the end', async () => {
  const during = (file: string) => run(file, 'UPDATE "Account" SET "balance" = "balance" + 1 WHERE "id" = 1')
  const after = (file: string) =>
    run(
      file,
      'DELETE FROM "Entry" WHERE "id" = (SELECT MAX("id") FROM "Entry")',
      'DELETE FROM "Leg" WHERE "id" = 1',
      // In another style, for the trigger does its work for that one only.
      'INSERT INTO "Entry" SELECT "id" + 1000000, "transferId", "sequence", "seq", \'copy\', "fromId", "toId", "amount", "fence", "memo" FROM "Entry" LIMIT 1',
    )
  let seen = false
  let acknowledged = 0
  const onProgress = (line: string) => {
    seen ||= line.startsWith('VIOLATION (sum)')
    acknowledged = Number(/(\d+) acknowledged/.exec(line)?.[1] ?? acknowledged)
  }
  const isEnough = () => seen && acknowledged > 10
  const violations = await violationsOf({ seconds: 8, sabotage: { during, after }, onProgress, isEnough })
  expect(violations).toEqual(expect.arrayContaining(['duplicated', 'half', 'lost', 'sum']))
  expect(seen).toBe(true)
})

test('processes with neither lease nor locks lose transfers, and it is found', async () => {
  const violations = await violationsOf({ contestant: 'nothing' })
  expect(violations.some((kind) => ['lost', 'sum', 'integrity', 'half'].includes(kind))).toBe(true)
})
