import { describe, expect, test } from 'vitest'
import { checkStalls, leftBehind } from '../src/checks/check-lambda.js'
import type { History } from '../src/checks/collector.js'
import { type Stall, stalls } from '../src/checks/stalls.js'
import type { Fault } from '../src/faults/injector.js'
import type { HistoryRecord } from '../src/worker/history.js'

type Lease = Extract<HistoryRecord, { type: 'lease' }>

const history = (name: string, ...records: HistoryRecord[]): History => ({ name, records })
const lease = (at: number, event: Lease['event'], token: number): HistoryRecord => ({ type: 'lease', at, event, token })
const waiting = (at: number): HistoryRecord => ({ type: 'line', at, event: 'waiting' })
const gaveUp = (at: number): HistoryRecord => ({ type: 'line', at, event: 'gave-up' })
const begun = (at: number): HistoryRecord => ({ type: 'begun', at, id: `${at}` })
const intent = (at: number): HistoryRecord => {
  const id = `${at}`
  return { type: 'intent', at, id, sequence: id, seq: 1, style: 'batch', from: 1, to: 2, amount: 1 }
}
const fault = (name: string, at: number, kind: Fault['kind'], isLocking?: boolean): Fault => ({
  at,
  kind,
  name,
  pid: name.charCodeAt(0),
  ...(isLocking && { isLocking }),
})
const waits = (all: readonly Stall[]) => all.map(({ waitedMs }) => waitedMs)

const holder = history('a', lease(10, 'acquired', 1))
const next = history('b', waiting(20), lease(130, 'acquired', 2), begun(140))

describe('a stall', () => {
  test('lasts from the death of the holder to the next grant, and to the next write', () => {
    const { ofLease, ofWrites } = stalls([holder, next], [fault('a', 30, 'kill at its timeout')], [])
    expect([waits(ofLease), waits(ofWrites)]).toEqual([[100], [110]])
  })

  test('is counted while somebody waits, and who has given up, is frozen or dead does not', () => {
    const late = history('b', waiting(40), gaveUp(50), waiting(90), lease(130, 'acquired', 2))
    expect(waits(stalls([holder, late], [fault('a', 30, 'kill at random')], []).ofLease)).toEqual([50])
    const faults = [fault('a', 30, 'kill at random'), fault('c', 60, 'freeze after the answer')]
    expect(waits(stalls([holder, late, history('c', waiting(50))], faults, []).ofLease)).toEqual([60])
  })

  test('begins anew with the next that dies in the way', () => {
    const between = history('c', lease(50, 'acquired', 2))
    const faults = [fault('a', 30, 'kill at random'), fault('c', 60, 'kill at random')]
    expect(waits(stalls([holder, between, next], faults, []).ofLease)).toEqual([20, 70])
  })

  test('is not the time in which somebody else has the lease, or a transaction, and lives', () => {
    const failed: HistoryRecord = { type: 'fail', at: 118, id: '55', code: 'P2034', message: '' }
    const other = history('c', waiting(20), lease(50, 'acquired', 2), begun(55), failed, lease(120, 'released', 2))
    const inLine = history('d', intent(40))
    const faults = [fault('a', 30, 'kill at random'), fault('d', 60, 'kill at random')]
    const { ofLease, ofWrites } = stalls([holder, inLine, other, next], faults, [])
    expect([waits(ofLease), waits(ofWrites)]).toEqual([
      [20, 10],
      [25, 22],
    ])
  })

  test('is none where who was frozen or killed had neither lease, nor locks, nor anything under way', () => {
    const idle = history('a', lease(10, 'acquired', 1), lease(12, 'released', 1))
    expect(stalls([idle, next], [fault('a', 30, 'kill while frozen')], []).ofLease).toEqual([])
  })

  test('by locks that were frozen is counted from the thaw, and by itself', () => {
    const locked = fault('a', 30, 'freeze in a transaction', true)
    const blocked = history('b', waiting(20), lease(50, 'acquired', 2), begun(140))
    const { ofLease, ofWrites, byLocks } = stalls([holder, blocked], [locked], [{ at: 120, pid: locked.pid }])
    expect([waits(ofLease), waits(ofWrites), waits(byLocks)]).toEqual([[20], [20], [90]])
  })

  test('that has no end is one, too', () => {
    const forever = history('b', waiting(20), waiting(500))
    expect(waits(stalls([holder, forever], [fault('a', 30, 'kill at random')], []).ofWrites)).toEqual([470])
  })
})

test('a stall may last for ttlMs and maxClockSkewMs, half a lease more, and what the machine was late by', () => {
  const rules = { ttlMs: 100, maxClockSkewMs: 10, lateMs: () => 7 }
  const stall = (waitedMs: number): Stall => ({ from: 0, to: waitedMs, waitedMs, cause: 'kill' })
  const judge = (waitedMs: number) => checkStalls({ ofLease: [stall(waitedMs)], ofWrites: [], byLocks: [] }, rules)
  expect(judge(167)).toEqual([])
  expect(judge(168)).toMatchObject([{ kind: 'stall' }])
})

describe('what is left behind is', () => {
  const judge = (records: HistoryRecord[], kind: Fault['kind'], isLocking?: boolean, lateMs = 0) =>
    leftBehind([history('a', ...records)], [fault('a', 5000, kind, isLocking)], { lateMs: () => lateMs })

  test('a lease, a place in line, a lock on the file', () => {
    expect(judge([lease(1, 'acquired', 1)], 'freeze after the answer')).toMatchObject([{ kind: 'left behind' }])
    expect(judge([waiting(1)], 'freeze after the answer')).toMatchObject([{ kind: 'left behind' }])
    expect(judge([], 'freeze in a transaction', true)).toMatchObject([{ kind: 'left behind' }])
    expect(judge([waiting(1), lease(2, 'acquired', 1), lease(3, 'released', 1)], 'freeze after the answer')).toEqual([])
  })

  test('a lease at the timeout, unless the machine was too late to give it back, and nothing where it is killed before', () => {
    const held = [lease(1, 'acquired', 1)]
    expect(judge(held, 'kill at its timeout')).toHaveLength(1)
    expect(judge(held, 'kill at its timeout', false, 500)).toEqual([])
    expect(judge(held, 'kill at random')).toEqual([])
  })
})
