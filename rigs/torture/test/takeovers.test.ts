import { expect, test } from 'vitest'
import type { History } from '../src/checks/collector.js'
import { takeovers } from '../src/checks/takeovers.js'
import type { Fault } from '../src/faults/injector.js'
import type { HistoryRecord } from '../src/worker/history.js'

const lease = (at: number, event: 'acquired' | 'released' | 'swept', token: number): HistoryRecord => ({
  type: 'lease',
  at,
  event,
  token,
})
const kill = (name: string, at: number): Fault => ({ at, kind: 'kill at random', name, pid: 1 })
const freeze = (name: string, at: number): Fault => ({ at, kind: 'freeze, longer than the lease', name, pid: 1 })

const histories: History[] = [
  { name: 'a', records: [lease(1, 'acquired', 1), lease(2, 'released', 1), lease(10, 'acquired', 3)] },
  {
    name: 'b',
    records: [lease(5, 'acquired', 2), lease(6, 'released', 2), lease(30, 'swept', 3), lease(31, 'acquired', 4)],
  },
]

test('a takeover lasts from the kill of the holder to the next grant', () => {
  expect(takeovers(histories, [kill('a', 12)])).toEqual({ afterKillMs: [19], afterFreezeMs: [] })
})

test('a freeze of the holder is told apart from a kill', () => {
  expect(takeovers(histories, [freeze('a', 13)])).toEqual({ afterKillMs: [], afterFreezeMs: [18] })
})

test('who had given the lease back, or never had it, was no holder', () => {
  expect(takeovers(histories, [kill('a', 3), kill('b', 20), kill('c', 3)]).afterKillMs).toEqual([])
})
