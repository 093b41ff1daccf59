import { describe, expect, test } from 'vitest'
import { check, type Rules } from '../src/checks/checker.js'
import type { History } from '../src/checks/collector.js'
import type { EntryRow, FinalState } from '../src/checks/final-state.js'
import { ACCOUNTS, OPENING_BALANCE } from '../src/worker/bank.js'
import type { HistoryRecord, Transfer } from '../src/worker/history.js'

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
const acquired = (token: number, at = token): HistoryRecord => ({ type: 'lease', at, event: 'acquired', token })
const committed = (token: number, at = token + 0.5): HistoryRecord => ({ type: 'file', at, event: 'commit', token })
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

  test.each(['P1001', 'P1008', 'P1010', 'P1018', 'P2024', 'P2028', 'P2034', 'CLOCK_SKEW', 'P2002', 'ABANDONED'])(
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

  test('a fence that was not stored', () => {
    const records = [acquired(50, 1), intent(1), ack(1), committed(50, 2)]
    expect(kinds({ ...file(1), fence: 1 }, records)).toEqual(['fence'])
    expect(kinds({ ...file(1), fence: 50 }, records)).toEqual([])
  })

  test('and takes a fence for what it is, the last 31 bits of the ticket', () => {
    const ticket = 2 ** 31 + 2
    const state = file(1, 2)
    ;[state.entries[0]!.fence, state.entries[1]!.fence, state.fence] = [2 ** 31 - 1, 1, 2]
    const records = [acquired(ticket, 0), intent(1), ack(1), intent(2), ack(2), committed(ticket, 3)]
    expect(kinds(state, records)).toEqual([])
    expect(kinds({ ...state, fence: 1 }, records)).toEqual(['fence'])
  })

  test('a fence that an interactive transaction saw, and that was older than a commit before it began', () => {
    const state = file(1)
    state.entries[0]!.fence = 5
    const other = history('w2', acquired(6, 1), committed(6, 2))
    const look = (at: number) => check([other, history('w1', intent(1, at), ack(1, 9))], state, STRICT)
    expect(look(3)).toMatchObject([{ kind: 'fence' }])
    expect(look(1.5)).toEqual([])
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

  test('a read that missed what was acknowledged, though it saw as many: one was there that nobody was told of', () => {
    const died = history('w1', intent(1))
    const writer = history('w2', intent(2), ack(2, 10))
    const look = (at: number, entries: number) =>
      check([died, writer, history('r1', read(at, entries))], file(1, 2), STRICT)
    expect(look(11, 1)).toMatchObject([{ kind: 'stale read' }])
    expect(look(11, 2)).toEqual([])
    expect(look(9, 1)).toEqual([])
  })

  test('the same where the last that was committed was the first that was acknowledged', () => {
    const writers = [
      history('w1', intent(1), ack(1, 12)),
      history('w2', intent(2), ack(2, 10)),
      history('w3', intent(3)),
    ]
    const look = (entries: number) => check([...writers, history('r1', read(13, entries))], file(3, 1, 2), STRICT)
    expect(look(2).map(({ kind }) => kind)).toContain('stale read')
    expect(look(3).map(({ kind }) => kind)).not.toContain('stale read')
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

  test('a commit under an older ticket, after one under a newer one: in one process', () => {
    const told = [acquired(4, 1), acquired(5, 2), committed(5, 3), committed(4, 4)]
    expect(kinds(file(), told)).toEqual(['fence'])
  })

  test('the same in two processes of a machine, where the older ticket was had, or was used, after that commit', () => {
    const newer = history('w2', acquired(6, 2), committed(6, 10))
    const after = (...records: HistoryRecord[]) => check([newer, history('w1', ...records)], file(), STRICT)
    expect(after(acquired(5, 11), committed(5, 12))).toMatchObject([{ kind: 'fence' }])
    expect(after(acquired(5, 1), committed(5, 11), committed(5, 12))).toMatchObject([{ kind: 'fence' }])
  })

  test('nothing where it may be that a process was frozen after its COMMIT, before it said so', () => {
    const newer = history('w2', acquired(6, 2), committed(6, 10))
    expect(check([newer, history('w1', acquired(5, 1), committed(5, 20))], file(), STRICT)).toEqual([])
  })

  test('errors that are not documented', () => {
    expect(kinds(file(), [intent(1), fail(1, 'UNTYPED TypeError')])).toEqual(['unexpected error'])
    const readFailed: HistoryRecord = { type: 'read-failed', at: 1, kind: 'sum', code: 'P2010', message: 'malformed' }
    expect(kinds(file(), [readFailed])).toEqual(['unexpected error'])
    expect(kinds(file(), [{ ...readFailed, code: 'P1008' }])).toEqual([])
  })
})
