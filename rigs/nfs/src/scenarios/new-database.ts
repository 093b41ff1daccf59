import { setTimeout as sleep } from 'node:timers/promises'
import { type Actor, ActorError } from '../actor.js'
import type { Outcome, Scenario } from '../scenario.js'
import type { Stage } from '../stage.js'
import { whatIsWrong } from '../verdict.js'
import { isWhole, SCHEMA } from '../world.js'
import { addAtLast } from './killed-writer.js'

const SIGKILL = 9
const NOT_THERE_FOR_MS = 4_000
const LOOK_EVERY_MS = 50
const GENERIC_ERROR = 1

/** Looks again and again, until it sees a database. */
class Watcher {
  readonly unexpected: string[] = []
  readonly sawAt: Promise<number>
  notThere = 0
  notYetFilled = 0
  /** When the last look began that did not find it. */
  missedAt = 0
  readonly #actor: Actor

  constructor(actor: Actor) {
    this.#actor = actor
    this.sawAt = this.#watch()
  }

  async #watch(): Promise<number> {
    for (;;) {
      const beganAt = performance.now()
      try {
        const probe = await this.#actor.ask('probe', {})
        if (!isWhole(probe)) this.unexpected.push(`half of the new database was read: ${JSON.stringify(probe)}`)
        return performance.now()
      } catch (error) {
        if (!(error instanceof ActorError)) throw error
        if (error.wire.code === 'NOT_FOUND') this.notThere++
        else if (error.wire.extendedCode === GENERIC_ERROR) this.notYetFilled++
        else if (!['BUSY', 'LEASE_TIMEOUT'].includes(error.wire.code)) this.unexpected.push(String(error))
        if (error.wire.code === 'NOT_FOUND') this.missedAt = beganAt
      }
      await sleep(LOOK_EVERY_MS)
    }
  }
}

async function create(stage: Stage, dies: boolean): Promise<Outcome> {
  const place = await stage.emptyPlace()
  const dieAt = `.db:${1 + Math.floor(Math.random() * 1000)}:${SIGKILL}`
  const [creator, second, third] = await Promise.all([
    stage.actor(stage.guest(1), place, { owner: 'creator', ...(dies ? { dieAt } : {}) }),
    stage.actor(stage.guest(2), place, { owner: 'second' }),
    stage.actor(stage.guest(3), place, { owner: 'third' }),
  ])
  const watchers = [new Watcher(second), new Watcher(third)]
  await sleep(NOT_THERE_FOR_MS)
  const violations: string[] = []
  if (watchers.some(({ notThere }) => notThere === 0)) violations.push('nobody saw that it was not there')
  if (dies) {
    await creator.ask('script', { sql: SCHEMA }).then(
      () => violations.push('the creator lived'),
      () => {},
    )
    await second.ask('script', { sql: SCHEMA }).catch(() => second.ask('script', { sql: SCHEMA }))
  } else await creator.ask('script', { sql: SCHEMA })
  const createdAt = performance.now()
  const sawAt = await Promise.all(watchers.map((watcher) => watcher.sawAt))
  for (const { missedAt } of watchers) {
    if (missedAt > createdAt)
      violations.push(`it was not there for a look ${Math.round(missedAt - createdAt)} ms after it was made`)
  }
  for (const actor of [second, third, second]) await addAtLast(actor)
  violations.push(
    ...watchers.flatMap(({ unexpected }) => unexpected),
    ...(await whatIsWrong(place.onServer, { second: second.acknowledged, third: third.acknowledged })),
  )
  return {
    violations,
    counts: {
      'looks that found nothing': watchers.reduce((sum, { notThere }) => sum + notThere, 0),
      'looks that found no tables': watchers.reduce((sum, { notYetFilled }) => sum + notYetFilled, 0),
    },
    measures: { 'seen after ms': Math.max(0, ...sawAt.map((ms) => Math.round(ms - createdAt))) },
  }
}

export const NEW_DATABASE: Scenario[] = [
  {
    name: 'new-database',
    shows: 'hosts that looked for the database in vain see it promptly when another host has made it',
    rounds: 3,
    play: (stage) => create(stage, false),
  },
  {
    name: 'new-database-killed',
    shows: 'the same, where its maker is killed in the COMMIT of the first script, and another host makes it',
    rounds: 3,
    play: (stage) => create(stage, true),
  },
]
