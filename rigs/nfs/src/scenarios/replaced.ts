import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Actor, ActorError } from '../actor.js'
import type { Scenario } from '../scenario.js'
import type { Place, Stage } from '../stage.js'

const LOOKS = 20
const LOOK_EVERY_MS = 250
const IOERR = 10
/** What may be said of a file that is another one, or is not there. */
const TYPED = ['CONFIGURATION', 'NOT_FOUND', 'BUSY', 'LEASE_TIMEOUT', 'WRITE_CONFLICT']

/** What one request came to: what a reader saw, or the error. */
async function outcomeOf(request: Promise<unknown>): Promise<string> {
  try {
    const answer = await request
    return typeof answer === 'object' && answer && 'entries' in answer ? `${String(answer.entries)} entries` : 'done'
  } catch (error) {
    if (!(error instanceof ActorError)) throw error
    const { code, extendedCode = 0 } = error.wire
    const isRaw = !TYPED.includes(code) || ((extendedCode & 0xff) === IOERR && code !== 'COMMIT_UNKNOWN')
    return isRaw ? `raw error: ${String(error)}` : code
  }
}

interface Change {
  /** What happens to the file on another host; `fresh` is another database, with one entry. */
  change(stage: Stage, place: Place, fresh: Place): Promise<unknown>
  /** What readers may see for good afterwards. */
  after: readonly string[]
}

async function replace(stage: Stage, { change, after }: Change) {
  const [place, fresh] = [await stage.place(), await stage.place()]
  const other = await stage.actor(stage.guest(2), fresh, { owner: 'other' })
  await other.ask('add', {})
  const user: Actor = await stage.actor(stage.guest(1), place, { owner: 'user' })
  await user.ask('add', {})
  await user.ask('add', {})
  await user.ask('probe', {})
  await change(stage, place, fresh)
  const violations: string[] = []
  const counts: Record<string, number> = {}
  let last = ''
  for (let look = 0; look < LOOKS; look++) {
    const what = look % 4 === 3 ? 'add' : 'probe'
    last = await outcomeOf(user.ask(what, {}))
    if (last.startsWith('raw')) violations.push(`${what}: ${last}`)
    counts[`${what}: ${last.slice(0, 40)}`] = (counts[`${what}: ${last.slice(0, 40)}`] ?? 0) + 1
    await sleep(LOOK_EVERY_MS)
  }
  const finally_ = await outcomeOf(user.ask('probe', {}))
  if (!after.some((it) => finally_.includes(it))) violations.push(`in the end a reader got: ${finally_}`)
  return { violations, counts }
}

const FRESH = ['entries']
const GONE = ['NOT_FOUND', 'CONFIGURATION']

export const REPLACED: Scenario[] = [
  {
    name: 'replaced',
    shows: 'a database that another host put in the place of one in use: what its users read and are told',
    rounds: 1,
    play: (stage) =>
      replace(stage, {
        change: (_, place, fresh) => stage.guest(2).run(`mv ${fresh.inGuests} ${place.inGuests}`),
        after: FRESH,
      }),
  },
  {
    name: 'deleted',
    shows: 'a database that another host deleted while it is in use: its users are told so in words of this project',
    rounds: 1,
    play: (stage) => replace(stage, { change: (_, place) => stage.guest(2).run(`rm ${place.inGuests}*`), after: GONE }),
  },
  {
    name: 'replaced-on-server',
    shows: 'the same as replaced, done on the server behind all hosts: ESTALE never reaches the caller raw',
    rounds: 1,
    play: (stage) =>
      replace(stage, { change: (_, place, fresh) => rename(fresh.onServer, place.onServer), after: FRESH }),
  },
  {
    name: 'deleted-on-server',
    shows: 'the same as deleted, done on the server behind all hosts',
    rounds: 1,
    play: (stage) =>
      replace(stage, {
        change: async (_, place) => {
          await rm(place.onServer)
          await rm(`${place.onServer}-journal`)
          return dirname(place.onServer)
        },
        after: GONE,
      }),
  },
]
