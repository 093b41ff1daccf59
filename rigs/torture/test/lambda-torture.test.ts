import { expect, test } from 'vitest'
import type { Fault } from '../src/faults/injector.js'
import { tortureLambda } from '../src/lambda/lambda-torture.js'

/** Which of them hits whom, and whether somebody is frozen in a transaction within the time that there is, is up to the machine. */
const FAULTS: Fault['kind'][] = ['kill at its timeout', 'freeze after the answer']

const isEnough = (faults: readonly Fault[]): boolean =>
  [...FAULTS, 'freeze in a transaction'].every((wanted) => faults.some(({ kind }) => kind === wanted)) &&
  // So that some of those in `withLease`, too, have forgotten something.
  faults.filter(({ kind, name }) => kind.startsWith('freeze') && name.startsWith('leased')).length > 4

test('Lambda functions that forget, hang, time out and are frozen lose nothing, and keep nobody waiting for longer than a dead lease lasts', async () => {
  const { report, folder } = await tortureLambda({
    seconds: 10,
    writers: 3,
    seed: 3,
    ttlMs: 2000,
    maxClockSkewMs: 200,
    killEveryMs: 4000,
    isEnough,
  })
  expect({ details: report.details, folder }).toEqual({ details: [], folder: undefined })
  expect(report.acknowledged).toBeGreaterThan(0)
  expect(report.reads).toBeGreaterThan(0)
  expect(Object.keys(report.faults)).toEqual(expect.arrayContaining(FAULTS))
  expect(report.lambda?.writeStallMs.count).toBeGreaterThan(0)
})
