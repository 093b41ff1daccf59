import { describe, expect, test } from 'vitest'
import { ACCOUNTS, OPENING_BALANCE } from '../src/bank.js'
import { check, type Rules } from '../src/checker.js'
import type { History } from '../src/collector.js'
import type { EntryRow, FinalState } from '../src/final-state.js'
import type { HistoryRecord, Transfer } from '../src/history.js'

const STRICT: Rules = { holdsErrorsToTheirWord: true, holdsReads: true }
const CONTROL: Rules = { holdsErrorsToTheirWord: false, holdsReads: true }

const transfer = (seq: number): Transfer => ({
  id: `w1/0:${seq}`,
  sequence: 'w1/0',
  seq,
  style: 'batch',
  from: 1,
  to: 2,
  amount: 10 * seq,
})
const intent = (seq: number, at = seq): HistoryRecord => ({ type: 'intent', at, ...transfer(seq) })
const ack = (seq: number, at = seq + 0.5): HistoryRecord => ({ type: 'ack', at, id: transfer(seq).id })
const fail = (seq: number, code: string): HistoryRecord =>
  ({ ...ack(seq), type: 'fail', code, message: 'why' }) as HistoryRecord
const read = (at: number, entries: number): HistoryRecord => ({
  type: 'read',
  at,
  doneAt: at + 0.1,
  kind: 'snapshot',
  entries,
})
const acquired = (token: number): HistoryRecord => ({ type: 'lease', at: token, event: 'acquired', token })
const history = (name: string, ...records: HistoryRecord[]): History => ({
  name,
  records: [{ type: 'start', at: 0, name, host: 'here', pid: 1 }, ...records],
})

/** A file in which these transfers were made, in this order. */
function file(...seqs: number[]): FinalState {
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => ({
    id: index + 1,
    opening: OPENING_BALANCE,
    balance: OPENING_BALANCE,
  }))
  const state: FinalState = { accounts, entries: [], legs: [], fence: 9, complaints: [] }
  for (const seq of seqs) {
    const { id: transferId, sequence, from, to, amount } = transfer(seq)
    const id = state.entries.length + 1
    state.entries.push({ id, transferId, sequence, seq, fromId: from, toId: to, amount, fence: null })
    state.legs.push({ transferId, accountId: from, amount: -amount }, { transferId, accountId: to, amount })
    accounts[from - 1]!.balance -= amount
    accounts[to - 1]!.balance += amount
  }
  return state
}

const kinds = (state: FinalState, records: HistoryRecord[], rules = STRICT) =>
  check([history('w1', ...records)], state, rules).map(({ kind }) => kind)

describe('a run in which all went well', () => {
  test('is not complained about', () => {
    const records = [acquired(3), intent(1), ack(1), read(2, 1), intent(2), ack(2), read(4, 2)]
    expect(kinds(file(1, 2), records)).toEqual([])
  })

  test('may or may not have what a worker was killed over, and what COMMIT_UNKNOWN was said of', () => {
    const records = [intent(1), fail(1, 'COMMIT_UNKNOWN'), intent(2)]
    expect(kinds(file(), records)).toEqual([])
    expect(kinds(file(1, 2), records)).toEqual([])
  })

  test('has nothing of what failed with a promise that nothing was written', () => {
    const records = [intent(1), fail(1, 'P1008'), intent(2), fail(2, 'P2034')]
    expect(kinds(file(), records)).toEqual([])
  })
})

describe('in the file it finds', () => {
  test('an acknowledged transfer that is lost', () => {
    expect(kinds(file(1), [intent(1), ack(1), intent(2), ack(2)])).toEqual(['lost'])
  })

  test('a transfer that was made twice', () => {
    expect(kinds(file(1, 1), [intent(1), ack(1)])).toEqual(['duplicated'])
  })

  test.each(['P1001', 'P1008', 'P2024', 'P2028', 'P2034', 'P2002', 'ABANDONED'])(
    'what %s said was not written',
    (code) => {
      expect(kinds(file(1), [intent(1), fail(1, code)])).toEqual(['written all the same'])
    },
  )

  test('what the control failed at, only where the workload itself took it back', () => {
    expect(kinds(file(1), [intent(1), fail(1, 'P1008')], CONTROL)).toEqual([])
    expect(kinds(file(1), [intent(1), fail(1, 'ABANDONED')], CONTROL)).toEqual(['written all the same'])
  })

  test('an entry without one of its legs', () => {
    const state = file(1)
    state.legs.pop()
    expect(kinds(state, [intent(1), ack(1)])).toEqual(['half', 'sum'])
  })

  test('legs without their entry', () => {
    const state = file(1)
    state.entries.pop()
    expect(kinds(state, [intent(1)])).toEqual(['half'])
  })

  test('an entry that nobody made, or not so', () => {
    expect(kinds(file(1), [])).toEqual(['unknown entry'])
    const state = file(1)
    state.entries[0]!.seq = 7
    expect(kinds(state, [intent(1), ack(1)])).toEqual(['unknown entry'])
  })

  test('money that came from nowhere', () => {
    const state = file(1)
    state.accounts[0]!.balance++
    expect(kinds(state, [intent(1), ack(1)])).toEqual(['sum', 'sum'])
  })

  test('money in the wrong account, though the sum is right', () => {
    const state = file(1)
    state.accounts[0]!.balance++
    state.accounts[5]!.balance--
    expect(kinds(state, [intent(1), ack(1)])).toEqual(['sum', 'sum'])
  })

  test('a sequence in another order than it was made', () => {
    expect(kinds(file(2, 1), [intent(1), ack(1), intent(2), ack(2)])).toEqual(['order'])
  })

  test('a fence that went back', () => {
    const state = file(1, 2)
    const [first, second] = state.entries as [EntryRow, EntryRow]
    ;[first.fence, second.fence] = [5, 4]
    expect(kinds(state, [intent(1), ack(1), intent(2), ack(2)])).toEqual(['fence'])
    second.fence = 6
    state.fence = 5
    expect(kinds(state, [intent(1), ack(1), intent(2), ack(2)])).toEqual(['fence'])
  })

  test('what SQLite says of it', () => {
    expect(kinds({ ...file(), complaints: ['row 3 missing from index'] }, [])).toEqual(['integrity'])
  })
})

describe('in what the workers wrote down it finds', () => {
  test('a read that missed what was acknowledged before it began, in whatever process', () => {
    const writer = history('w1', intent(1), ack(1, 10))
    expect(check([writer, history('r1', read(9, 0))], file(1), STRICT)).toEqual([])
    expect(check([writer, history('r1', read(11, 0))], file(1), STRICT)).toMatchObject([{ kind: 'stale read' }])
  })

  test('a read that went back behind another one, in whatever process', () => {
    const reads = [history('r1', intent(1), read(10, 1)), history('r2', read(11, 0))]
    expect(check(reads, file(1), STRICT)).toMatchObject([{ kind: 'stale read' }])
  })

  test('nothing in two reads that overlap', () => {
    const reads = [history('r1', intent(1), read(10, 1)), history('r2', read(10.05, 0))]
    expect(check(reads, file(1), STRICT)).toEqual([])
  })

  test('nothing in the clocks of two machines', () => {
    const elsewhere: History = {
      name: 'r2',
      records: [{ type: 'start', at: 0, name: 'r2', host: 'there', pid: 1 }, read(11, 0)],
    }
    expect(check([history('w1', intent(1), ack(1)), elsewhere], file(1), STRICT)).toEqual([])
  })

  test('sums and states that a reader saw and that never were', () => {
    const saw = (what: string): HistoryRecord => ({ type: 'violation', at: 1, what, detail: 'this' })
    expect(kinds(file(), [saw('sum'), saw('torn read'), saw('own write')])).toEqual(['sum', 'torn read', 'torn read'])
    expect(kinds(file(), [saw('sum')], { ...STRICT, holdsReads: false })).toEqual([])
  })

  test('a ticket that two had', () => {
    const histories = [history('w1', acquired(4)), history('w2', acquired(4))]
    expect(check(histories, file(), STRICT)).toMatchObject([{ kind: 'fence' }])
  })

  test('errors that are not documented', () => {
    expect(kinds(file(), [intent(1), fail(1, 'UNTYPED TypeError')])).toEqual(['unexpected error'])
    const readFailed: HistoryRecord = { type: 'read-failed', at: 1, kind: 'sum', code: 'P2010', message: 'malformed' }
    expect(kinds(file(), [readFailed])).toEqual(['unexpected error'])
    expect(kinds(file(), [{ ...readFailed, code: 'P1008' }])).toEqual([])
  })
})
