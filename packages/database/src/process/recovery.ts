import { Moment } from '@sqlite-efs/lease/internal'
import type { Listeners } from '../contract/events.js'
import { journalState } from '../file/journal.js'
import type { CheckedOptions } from '../file/options.js'
import type { WriteScheduler } from './write-scheduler.js'

/** What a recovery works with. */
export interface RecoveryContext {
  options: CheckedOptions
  listeners: Listeners
  scheduler: WriteScheduler
}

/** Rolls back what a dead writer left, under the lease. */
export class Recovery {
  readonly #context: RecoveryContext
  #underWay: Promise<boolean> | undefined

  constructor(context: RecoveryContext) {
    this.#context = context
  }

  /** One turn is enough for all that have met the same journal. */
  together(): Promise<boolean> {
    this.#underWay ??= this.run('read').finally(() => {
      this.#underWay = undefined
    })
    return this.#underWay
  }

  /** Takes the lease and rolls back what a dead writer left; `true` if there was something. */
  async run(cause: 'read' | 'recover'): Promise<boolean> {
    const { options, listeners, scheduler } = this.#context
    const { path, clock, timeoutMs, tracer } = options
    scheduler.mustBeThere()
    const since = new Moment(clock)
    // A turn that is over before it began (a newer ticket is in the file) has rolled it back already.
    let wasHot = false
    const wanted = { what: 'a recovery', timeoutMs, timeoutOption: 'lease.timeoutMs' } as const
    return tracer.span({ name: 'recovery', parent: tracer.current() }, () =>
      scheduler.inTurn(wanted, async (turn) => {
        wasHot ||= journalState(path) === 'hot-or-live'
        const waitedMs = since.elapsedMs()
        const transaction = await turn.begin()
        transaction.rollback()
        const durationMs = since.elapsedMs() - waitedMs
        const { token } = turn.lease
        if (wasHot) listeners.tell({ type: 'recovery', path, token, cause, waitedMs, durationMs })
        return wasHot
      }),
    )
  }
}
