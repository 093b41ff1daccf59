import { setTimeout as sleep } from 'node:timers/promises'
import { type Actor, ActorError } from '../actor.js'
import { SERVER_LEASE_S } from '../rig.js'
import type { Outcome, Scenario } from '../scenario.js'
import type { Stage } from '../stage.js'
import { whatIsWrong } from '../verdict.js'
import { ADD_TO_ALL, addEntry, isWhole, PROBE } from '../world.js'
import { SAFE_TO_TRY_AGAIN, untypedFailures, wrongWith } from './killed-writer.js'

const SIGSTOP = 19
/** A write in the middle of the first COMMIT. */
const IN_COMMIT = `.db:500:${SIGSTOP}`
/** Longer than a lease in the line (6 s), and shorter than the server's. */
const SHORT_FREEZE_MS = 12_000
/** The server looks for silent clients now and then only. */
const LONG_FREEZE_MS = (SERVER_LEASE_S + 20) * 1_000

/** Tries again until it is done, for at most two of the server's leases; what it was told meanwhile must be typed. */
async function addHoweverLong(actor: Actor): Promise<{ ms: number; refusals: string[]; untyped: string[] }> {
  const startedMs = performance.now()
  const refusals: string[] = []
  const untyped: string[] = []
  for (;;) {
    try {
      await actor.ask('add', {})
      return { ms: Math.round(performance.now() - startedMs), refusals, untyped }
    } catch (error) {
      if (!(error instanceof ActorError)) throw error
      refusals.push(error.wire.message)
      if (!SAFE_TO_TRY_AGAIN.includes(error.wire.code)) untyped.push(String(error))
      if (performance.now() - startedMs > 2_000 * SERVER_LEASE_S + 60_000) throw error
    }
  }
}

/** What became of a request: done, or the error's code. */
async function fate(request: Promise<unknown>): Promise<string> {
  try {
    await request
    return 'done'
  } catch (error) {
    return error instanceof ActorError ? error.wire.code : String(error)
  }
}

/** The number of the entry that {@link changeAll} writes. */
const CHANGED = 1000

/** What a COMMIT may be told that was not written, as errors.md says. */
const NOT_WRITTEN = ['BUSY', 'WRITE_CONFLICT']

/** Opens a transaction and changes everything in it. */
async function changeAll(actor: Actor, owner: string): Promise<void> {
  await actor.ask('begin', {})
  await actor.ask('run', { sql: ADD_TO_ALL })
  await actor.ask('run', addEntry(owner, CHANGED))
}

/** Host 1 is cut off in a transaction, in or before its COMMIT: the others read, and get their turn when the server lets go. */
async function powerOff(stage: Stage, inCommit: boolean): Promise<Outcome> {
  const place = await stage.place()
  const [dying, reader, successor] = await Promise.all([
    stage.actor(stage.guest(1), place, { owner: 'dying', ...(inCommit ? { dieAt: IN_COMMIT } : {}) }),
    stage.actor(stage.guest(2), place, { owner: 'reader' }),
    stage.actor(stage.guest(3), place, { owner: 'successor' }),
  ])
  await reader.ask('poll', { everyMs: 100 })
  await successor.ask('probe', {})
  await changeAll(dying, 'dying')
  if (inCommit) {
    void dying.ask('commit', {}).catch(() => {})
    await dying.process.stopped()
  }
  await stage.guest(1).powerOff()
  const { ms, refusals, untyped } = await addHoweverLong(successor)
  const again = await addHoweverLong(reader)
  const polled = await reader.ask('polled', {})
  const named = refusals.filter((message) => /Swept from the line last/.test(message)).length
  const violations = [
    ...untyped,
    ...wrongWith('the reader', polled),
    ...untypedFailures('the reader', polled),
    ...(named === 0 ? ['no refusal said who was swept'] : []),
    ...(await whatIsWrong(place.onServer, { successor: successor.acknowledged, reader: reader.acknowledged })),
  ]
  const probe = await successor.ask('probe', {})
  if (probe.entries !== 2) violations.push(`something else than two entries: ${JSON.stringify(probe)}`)
  return {
    violations,
    counts: { 'refused writes': refusals.length, 'refusals that name the dead': named, looks: polled.looks },
    measures: {
      'successor writes after ms': ms,
      'next write ms': again.ms,
      'longest gap of a reader ms': Math.round(polled.longestGapMs),
    },
  }
}

/** Host 1 freezes in a transaction; after the thaw it goes on, and must not write late. */
async function freezeInTransaction(stage: Stage, freezeMs: number): Promise<Outcome> {
  const place = await stage.place()
  const [frozen, other] = await Promise.all([
    stage.actor(stage.guest(1), place, { owner: 'frozen' }),
    stage.actor(stage.guest(2), place, { owner: 'other' }),
  ])
  await changeAll(frozen, 'frozen')
  await stage.guest(1).freeze()
  const startedMs = performance.now()
  const successor = addHoweverLong(other)
  await sleep(freezeMs)
  await stage.guest(1).thaw()
  const lateRead = await fate(frozen.ask('run', { sql: PROBE }))
  const late = await fate(frozen.ask('commit', {}))
  await fate(frozen.ask('rollback', {}))
  const { ms, refusals, untyped } = await successor
  const thawed = await frozen.ask('probe', {})
  const violations = [...untyped]
  if (lateRead !== 'WRITE_CONFLICT') violations.push(`a late read in the transaction: ${lateRead}`)
  if (late !== 'WRITE_CONFLICT') violations.push(`the late COMMIT: ${late}`)
  if (!isWhole(thawed) || thawed.entries !== 1) violations.push(`read after the thaw: ${JSON.stringify(thawed)}`)
  const next = await addHoweverLong(frozen)
  violations.push(
    ...next.untyped,
    ...(await whatIsWrong(place.onServer, { frozen: frozen.acknowledged, other: other.acknowledged })),
  )
  const probe = await other.ask('probe', {})
  if (probe.entries !== 2) violations.push(`something else than two entries: ${JSON.stringify(probe)}`)
  return {
    violations,
    counts: { 'refused writes': refusals.length, [`the late COMMIT: ${late}`]: 1 },
    measures: {
      'frozen ms': Math.round(Math.min(performance.now() - startedMs, freezeMs)),
      'successor writes after ms': ms,
      'first write after the thaw ms': next.ms,
    },
  }
}

/** Host 1 freezes in the middle of its COMMIT; after the thaw the rest of the COMMIT runs, late. */
async function freezeInCommit(stage: Stage, freezeMs: number): Promise<Outcome> {
  const place = await stage.place()
  const [frozen, other, reader] = await Promise.all([
    stage.actor(stage.guest(1), place, { owner: 'frozen', dieAt: IN_COMMIT }),
    stage.actor(stage.guest(2), place, { owner: 'other' }),
    stage.actor(stage.guest(3), place, { owner: 'reader' }),
  ])
  await reader.ask('poll', { everyMs: 100 })
  await changeAll(frozen, 'frozen')
  const commit = fate(frozen.ask('commit', {}))
  await frozen.process.stopped()
  await stage.guest(1).freeze()
  const successor = addHoweverLong(other)
  await sleep(freezeMs)
  await stage.guest(1).thaw()
  await frozen.process.kill('CONT')
  const late = await commit
  const { ms, refusals, untyped } = await successor
  const next = await addHoweverLong(frozen)
  await addHoweverLong(other)
  const polled = await reader.ask('polled', {})
  const acknowledged = {
    frozen: [...frozen.acknowledged, ...(late === 'done' ? [CHANGED] : [])],
    other: other.acknowledged,
  }
  const refused = { frozen: NOT_WRITTEN.includes(late) ? [CHANGED] : [] }
  const violations = [
    ...untyped,
    ...next.untyped,
    ...wrongWith('the reader', polled),
    ...untypedFailures('the reader', polled),
    ...(await whatIsWrong(place.onServer, acknowledged, refused)),
  ]
  if (!['done', 'COMMIT_UNKNOWN', ...NOT_WRITTEN].includes(late)) violations.push(`the late COMMIT: ${late}`)
  return {
    violations,
    counts: { 'refused writes': refusals.length, [`the late COMMIT: ${late}`]: 1, looks: polled.looks },
    measures: {
      'successor writes after ms': ms,
      'first write after the thaw ms': next.ms,
      'longest gap of a reader ms': Math.round(polled.longestGapMs),
    },
  }
}

/** Host 1 freezes with open connections and warm caches; what it reads after the thaw must be what is there. */
async function freezeIdle(stage: Stage, freezeMs: number): Promise<Outcome> {
  const place = await stage.place()
  const [frozen, other] = await Promise.all([
    stage.actor(stage.guest(1), place, { owner: 'frozen' }),
    stage.actor(stage.guest(2), place, { owner: 'other' }),
  ])
  await frozen.ask('add', {})
  await frozen.ask('probe', {})
  await stage.guest(1).freeze()
  await addHoweverLong(other)
  await sleep(freezeMs)
  await addHoweverLong(other)
  await stage.guest(1).thaw()
  const { answer: probe, ms } = await frozen.timed('probe', {})
  const violations: string[] = []
  if (!isWhole(probe) || probe.entries !== 3) violations.push(`read after the thaw: ${JSON.stringify(probe)}`)
  const next = await addHoweverLong(frozen)
  violations.push(
    ...next.untyped,
    ...(await whatIsWrong(place.onServer, { frozen: frozen.acknowledged, other: other.acknowledged })),
  )
  return { violations, measures: { 'first read after the thaw ms': ms, 'first write after the thaw ms': next.ms } }
}

/** Host 1 freezes in a read that lasts (a deferred transaction): what it reads after the thaw must be of one state. */
async function freezeInRead(stage: Stage): Promise<Outcome> {
  const place = await stage.place()
  const [frozen, other] = await Promise.all([
    stage.actor(stage.guest(1), place, { owner: 'frozen' }),
    stage.actor(stage.guest(2), place, { owner: 'other' }),
  ])
  await other.ask('add', {})
  await frozen.ask('begin', { mode: 'deferred' })
  await frozen.ask('run', { sql: 'SELECT balance FROM account WHERE id = 1' })
  await stage.guest(1).freeze()
  const { ms } = await addHoweverLong(other)
  await sleep(Math.max(0, LONG_FREEZE_MS - ms))
  await stage.guest(1).thaw()
  const goesOn = await fate(frozen.ask('run', { sql: 'SELECT min(balance), max(balance) FROM account' }))
  const late = await fate(frozen.ask('run', { sql: ADD_TO_ALL }))
  await fate(frozen.ask('rollback', {}))
  const violations: string[] = []
  if (goesOn !== 'WRITE_CONFLICT') violations.push(`the read went on, with a lock that is gone: ${goesOn}`)
  if (late === 'done') violations.push('a transaction that read before the freeze could write after it')
  const next = await addHoweverLong(frozen)
  violations.push(
    ...next.untyped,
    ...(await whatIsWrong(place.onServer, { frozen: frozen.acknowledged, other: other.acknowledged })),
  )
  return {
    violations,
    counts: { [`the read goes on: ${goesOn}`]: 1, [`its first write: ${late}`]: 1 },
    measures: { 'successor writes after ms': ms },
  }
}

export const SILENT_HOST: Scenario[] = [
  {
    name: 'frozen-idle',
    shows: 'a host that was frozen for longer than its lease in the line reads what was written meanwhile',
    rounds: 2,
    play: (stage) => freezeIdle(stage, SHORT_FREEZE_MS),
  },
  {
    name: 'frozen-idle-long',
    shows: "the same, frozen for longer than the server's lease",
    rounds: 1,
    play: (stage) => freezeIdle(stage, LONG_FREEZE_MS),
  },
  {
    name: 'frozen-in-transaction',
    shows: 'a host that was frozen in a transaction for longer than its lease in the line does not commit late',
    rounds: 2,
    play: (stage) => freezeInTransaction(stage, SHORT_FREEZE_MS),
  },
  {
    name: 'frozen-in-transaction-long',
    shows: "the same, frozen for longer than the server's lease",
    rounds: 1,
    play: (stage) => freezeInTransaction(stage, LONG_FREEZE_MS),
  },
  {
    name: 'frozen-in-commit',
    shows: 'a host that was frozen inside COMMIT for longer than its lease in the line tears nothing',
    rounds: 2,
    play: (stage) => freezeInCommit(stage, SHORT_FREEZE_MS),
  },
  {
    name: 'frozen-in-commit-long',
    shows: "the same, frozen for longer than the server's lease, while somebody else rolled its COMMIT back",
    rounds: 2,
    play: (stage) => freezeInCommit(stage, LONG_FREEZE_MS),
  },
  {
    name: 'frozen-in-read-long',
    shows:
      "a read that lasts ends when its host was frozen for longer than the server's lease: its lock is gone, and half of what it read would be new",
    rounds: 1,
    play: freezeInRead,
  },
  {
    name: 'powered-off-in-transaction',
    shows: "a host that loses power in a transaction: others read on, and write when the server's lease is over",
    rounds: 1,
    play: (stage) => powerOff(stage, false),
  },
  {
    name: 'powered-off-in-commit',
    shows: 'the same inside COMMIT: nothing torn is read, and its half is rolled back',
    rounds: 2,
    play: (stage) => powerOff(stage, true),
  },
]
