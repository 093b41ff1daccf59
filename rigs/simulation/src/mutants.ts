import type { Rule } from './checks/violation.js'
import type { PlanOptions } from './plan/plan.js'

/** A rule of the protocol that is taken away, in the real source. */
export interface Mutant {
  name: string
  /** Below `packages/`. */
  file: string
  /** What is found there once, and what is put in its place. */
  edits: readonly { find: string; replace: string }[]
  /** What makes it show often; the unchanged code passes with it. */
  options: Omit<PlanOptions, 'seed'>
  /** Which of the rules may be violated by it. */
  breaks: readonly Rule[]
}

const EXCLUSION: readonly Rule[] = [
  'one holder',
  'one committer',
  'a lost lease is noticed',
  'no lost update',
  'nothing torn',
  'no older ticket after a newer one',
  'the fence never goes back',
  'nothing stale is given out',
]

/** Each is one rule less of docs/lease-protocol.md, or of what docs/errors.md promises. */
export const mutants: readonly Mutant[] = [
  {
    name: 'no guard before COMMIT',
    file: 'database/src/write/lease-guard.ts',
    edits: [
      {
        find: 'const isSafe = () => !lease.signal.aborted && lease.remainingMs() > lease.ttlMs / 2',
        replace: 'const isSafe = () => true',
      },
    ],
    options: { locks: 'off', bias: 'freezes' },
    breaks: EXCLUSION,
  },
  {
    name: 'a COMMIT that met BUSY is tried again without the guard',
    file: 'database/src/write/write-transaction.ts',
    edits: [{ find: 'beforeRetry: () => this.guard.beforeCommit()', replace: '' }],
    options: { locks: 'kept', bias: 'locked file' },
    breaks: EXCLUSION,
  },
  {
    name: 'a lost place is left at once',
    file: 'lease/src/line/held-lease.ts',
    edits: [{ find: "    this.#end('lost')\n", replace: "    this.#end('lost')\n    this.#leaving = this.#leave()\n" }],
    options: { locks: 'off', bias: 'slow commits' },
    breaks: EXCLUSION,
  },
  {
    name: 'a COMMIT that is unknown is called a conflict',
    file: 'database/src/write/writer-errors.ts',
    edits: [{ find: "'COMMIT_UNKNOWN',", replace: "'WRITE_CONFLICT'," }],
    options: {},
    breaks: ['acknowledged means written'],
  },
  {
    name: 'a COMMIT that is unknown is done again, one by one',
    file: 'database/src/write/group-commit.ts',
    edits: [{ find: 'if (isConstraint(error)) return torn(writes)', replace: 'if (error) return torn(writes)' }],
    options: {},
    breaks: ['acknowledged means written'],
  },
  {
    name: 'an error without a type in the place of a conflict',
    file: 'database/src/write/lease-guard.ts',
    edits: [
      {
        find: 'if (!isSafe()) throw this.conflict(lease.signal.reason)',
        replace: "if (!isSafe()) throw new TypeError('undefined is not a function')",
      },
      {
        find: 'await lease.renew()\n    } catch (error) {\n      throw this.conflict(error)',
        replace: 'await lease.renew()\n    } catch (error) {\n      throw new TypeError(String(error))',
      },
    ],
    options: {},
    breaks: ['every error is typed'],
  },
  {
    name: 'no fence',
    file: 'database/src/file/fence.ts',
    edits: [{ find: 'if (ahead > 0) return', replace: 'if (ahead > 2 ** 40) return' }],
    options: { bias: 'lost tables' },
    breaks: ['the fence never goes back', 'no older ticket after a newer one'],
  },
  {
    name: 'a place in line by something else than its ticket',
    file: 'lease/src/line/place.ts',
    edits: [
      {
        find: 'const ahead = item.contenders.filter(({ ticket }) => ticket < this.ticket).length',
        replace: 'const ahead = item.contenders.filter(({ id }) => id < this.id).length',
      },
    ],
    options: {},
    breaks: [...EXCLUSION, 'tickets are served in order', 'everyone gets its turn'],
  },
  {
    name: 'a turn for whoever is alone, in no order',
    file: 'lease/src/line/place.ts',
    edits: [
      {
        find: 'const ahead = item.contenders.filter(({ ticket }) => ticket < this.ticket).length',
        replace: 'const ahead = item.contenders.length - 1',
      },
    ],
    options: {},
    breaks: ['tickets are served in order', 'everyone gets its turn'],
  },
  {
    name: 'renew without u:id <= :u',
    file: 'lease/src/dynamodb/line-store.ts',
    edits: [{ find: "condition: '#t = :ticket AND #u <= :u'", replace: "condition: '#t = :ticket'" }],
    options: { bias: 'long holds' },
    breaks: EXCLUSION,
  },
  {
    name: 'a refused renewal is taken for one that was accepted',
    file: 'lease/src/line/place.ts',
    edits: [
      {
        find: 'if (!answer.done) return undefined',
        replace: `if (!answer.done) {
      this.#grant = new Grant(sent, aliveUntilMs, this.ttlMs)
      return { ticket: this.ticket, contenders: [{ id: this.id, ticket: this.ticket, aliveUntilMs, owner: '' }] }
    }`,
      },
    ],
    options: { locks: 'off', bias: 'computations' },
    breaks: [...EXCLUSION, 'tickets are served in order'],
  },
  {
    name: 'a renewal puts an entry back that is gone',
    file: 'lease/src/dynamodb/line-store.ts',
    edits: [
      { find: "update: 'SET #u = :u',", replace: "update: 'SET #u = :u, #t = :ticket'," },
      {
        find: "condition: '#t = :ticket AND #u <= :u'",
        replace: "condition: '(attribute_not_exists(#t) OR #t = :ticket) AND (attribute_not_exists(#u) OR #u <= :u)'",
      },
    ],
    options: { locks: 'off', bias: 'computations' },
    breaks: [
      ...EXCLUSION,
      'tickets are served in order',
      'nobody is passed over',
      'everyone gets its turn',
      'nobody is left in the line',
    ],
  },
  {
    name: 'statements go on when the time of the lease has run out, without a renewal',
    file: 'database/src/write/lease-guard.ts',
    edits: [
      {
        find: 'return !this.#lease.signal.aborted && this.#lease.remainingMs() > 0',
        replace: 'return !this.#lease.signal.aborted',
      },
      { find: 'return this.#lease.remainingMs() <= this.#lease.ttlMs / 2', replace: 'return false' },
    ],
    options: { locks: 'off', bias: 'computations' },
    breaks: ['nothing stale is given out', 'no older ticket after a newer one'],
  },
  {
    name: 'what a statement found is given out before the lease is known to have lasted',
    file: 'database/src/transaction/immediate-transaction.ts',
    edits: [
      {
        find: 'if (this.#over || this.#guard.isAlive) return outcome()\n    await',
        replace: 'if (!this.#over) return outcome()\n    await',
      },
      { find: 'return this.#guard.isAlive ? outcome() :', replace: 'return !this.#over ? outcome() :' },
    ],
    options: { locks: 'off', bias: 'computations' },
    breaks: ['nothing stale is given out'],
  },
  {
    name: 'time counted from the last try of a join',
    file: 'lease/src/line/join-request.ts',
    edits: [
      {
        find: 'const { key, owner, ttlMs, from } = this.#terms',
        replace: `const { key, owner, ttlMs, from } = this.#terms
    const { clock } = this.#line.settings
    this.#sent = new Moment(clock)
    const { patienceMs } = this.#terms
    this.#aliveUntilMs = aliveUntil(clock, Math.min(ttlMs, Math.max(patienceMs, ttlMs * SHARE_TO_HOLD)))`,
      },
    ],
    options: { bias: 'slow joins' },
    breaks: EXCLUSION,
  },
  {
    name: 'a sweep of anybody',
    file: 'lease/src/line/contender.ts',
    edits: [
      {
        find: 'const head = seen.contenders[0]\n    const { key, deadline } = this.#terms\n    if (!head || !this.#line.heads.isDead(key, head)) return false',
        replace: `const { key, deadline } = this.#terms
    const head = seen.contenders.find((it) => it.id !== this.#joining?.place?.id && this.#line.heads.isDead(key, it))
    if (!head) return false`,
      },
    ],
    options: {},
    breaks: ['nobody is passed over'],
  },
  {
    name: 'time by the monotonic clock alone',
    file: 'lease/src/time/clock.ts',
    edits: [
      {
        find: 'return Math.max(this.#clock.monotonicMs() - this.#monotonicMs, this.#clock.wallMs() - this.wallMs)',
        replace: 'return this.#clock.monotonicMs() - this.#monotonicMs',
      },
    ],
    options: { bias: 'freezes' },
    // A waiter that was frozen believes that its place is still there, and takes its turn after later ones.
    breaks: [...EXCLUSION, 'tickets are served in order'],
  },
  {
    name: 'time by the wall clock alone',
    file: 'lease/src/time/clock.ts',
    edits: [
      {
        find: 'return Math.max(this.#clock.monotonicMs() - this.#monotonicMs, this.#clock.wallMs() - this.wallMs)',
        replace: 'return this.#clock.wallMs() - this.wallMs',
      },
    ],
    options: { bias: 'wrong clocks' },
    breaks: EXCLUSION,
  },
  {
    name: 'an answer without a COMMIT',
    file: 'database/src/write/group-commit.ts',
    edits: [
      {
        find: 'await transaction.commit()\n    return { answer: inOrder(answers)',
        replace: 'transaction.rollback()\n    return { answer: inOrder(answers)',
      },
    ],
    options: { locks: 'off' },
    breaks: ['acknowledged means written'],
  },
  {
    name: 'a transaction whose first write is not noticed',
    file: 'database/src/write/write-transaction.ts',
    edits: [{ find: "if (kind !== 'read') this.beReadyToWrite()", replace: '' }],
    options: {},
    breaks: ['acknowledged means written'],
  },
  {
    name: 'a fence that is one too low',
    file: 'database/src/file/fence.ts',
    edits: [{ find: 'user_version=${storedTicket(token)}', replace: 'user_version=${storedTicket(token) - 1}' }],
    options: { locks: 'off' },
    breaks: ['the fence never goes back', 'no older ticket after a newer one'],
  },
  {
    name: 'a fence that is not stored',
    file: 'database/src/write/write-transaction.ts',
    edits: [
      {
        find: 'if (!fenceIsStored) this.#storeFence(lease.token)',
        replace: '',
      },
    ],
    options: { locks: 'off' },
    breaks: ['the fence never goes back', 'no older ticket after a newer one'],
  },
  {
    name: 'no raise: a new table begins below the fence',
    file: 'database/src/write/lease-keeper.ts',
    edits: [{ find: 'await this.#options.leaser.raise(this.#options.key, floor)', replace: '' }],
    options: { bias: 'lost tables' },
    breaks: ['everyone gets its turn'],
  },
  {
    name: 'a place that is kept while there is more to write',
    file: 'database/src/write/lease-keeper.ts',
    edits: [{ find: ' && this.#since.elapsedMs() <= this.#options.maxHoldMs', replace: '' }],
    options: {},
    breaks: ['everyone gets its turn'],
  },
  {
    name: 'no sweep',
    file: 'lease/src/line/head-watch.ts',
    edits: [{ find: 'if (head.aliveUntilMs + maxClockSkewMs < wallMs) return true', replace: '' }],
    options: { locks: 'off' },
    breaks: ['everyone gets its turn', 'nobody is left in the line'],
  },
  {
    name: 'an invocation that ends with the lease',
    file: 'database/src/process/invocations.ts',
    edits: [{ find: 'if (scope.isEmpty) await this.#settle()', replace: 'if (scope.isEmpty) return afterEnd()' }],
    options: {},
    breaks: ['an invocation leaves nothing behind'],
  },
]
