import type { Probe } from '../world.js'
import type { Row, Statement, SubjectOptions } from './subject.js'

/** What an actor is started with. */
export interface ActorOptions extends SubjectOptions {
  owner: string
}

/** What an actor can be asked for, with what it answers. */
export interface Requests {
  query: { asks: Statement; answers: Row[] }
  /** Sent in one turn of the event loop, so that they may share what can be shared. */
  queries: { asks: { statements: Statement[] }; answers: null }
  /** Sent one after the other, each as soon as the one before is answered. */
  series: { asks: { statements: Statement[] }; answers: null }
  begin: { asks: { mode?: 'immediate' | 'deferred' }; answers: null }
  run: { asks: Statement; answers: Row[] }
  commit: { asks: object; answers: null }
  rollback: { asks: object; answers: null }
  script: { asks: { sql: string }; answers: null }
  /** One look at the whole file. */
  probe: { asks: object; answers: Probe }
  /** One transaction of the world's kind; answers its number. */
  add: { asks: object; answers: number }
  /** The same again and again, with a notice after each; answers when one fails for good. */
  addForever: { asks: object; answers: null }
  /** Looks again and again, until `polled` is asked for. */
  poll: { asks: { everyMs: number }; answers: null }
  /** CLOCK_MONOTONIC of its host, in milliseconds. */
  clock: { asks: object; answers: number }
  polled: { asks: object; answers: PollReport }
}

export interface PollReport {
  looks: number
  /** Looks that showed half a transaction. */
  torn: Probe[]
  /** Looks that showed less than the one before. */
  backwards: number
  /** Looks that failed, by the error's code. */
  failed: Record<string, number>
  /** The longest time from one good look to the next. */
  longestGapMs: number
  last: Probe | undefined
}

/** An error of the packages, or of SQLite, as it crosses the wire. */
export interface WireError {
  name: string
  code: string
  message: string
  extendedCode: number | undefined
}

export interface Request {
  id: number
  what: keyof Requests
  with: unknown
}

export type Reply =
  | { id: number; answer: unknown; ms: number }
  | { id: number; error: WireError; ms: number }
  /** A transaction of `addForever` is acknowledged. */
  | { acknowledged: number }
  | { ready: true }
