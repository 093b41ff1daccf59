import type { Clock } from '@sqlite-efs/lease'
import type { Invocation, InvocationOptions } from '../contract/invocation.js'
import type { ReadWindow } from '../read/read-window.js'
import type { LeaseKeeper } from '../write/lease-keeper.js'
import type { InvocationScope } from './invocation-scope.js'
import { OpenInvocation } from './open-invocation.js'
import type { WriteScheduler } from './write-scheduler.js'

/** What the ends of invocations need of their file. */
export interface InvocationsContext {
  path: string
  clock: Clock
  scope: InvocationScope
  scheduler: WriteScheduler
  leaseKeeper: LeaseKeeper
  window: Pick<ReadWindow, 'closeWindow'>
}

/** Begins invocations, and gives back what a process must not be frozen with when they pause or end. */
export class Invocations {
  readonly #context: InvocationsContext

  constructor(context: InvocationsContext) {
    this.#context = context
  }

  /** @throws DatabaseError `CONFIGURATION` */
  begin(options: InvocationOptions, afterEnd: () => Promise<void>): Invocation {
    const { scope } = this.#context
    const invocation = new OpenInvocation(this.#context, options, {
      paused: async () => {
        if (!scope.keepLease) await this.#giveBack()
      },
      ended: async () => {
        scope.delete(invocation)
        if (scope.isEmpty) await this.#settle()
        else if (!scope.keepLease) await this.#giveBack()
        await afterEnd()
      },
    })
    scope.add(invocation)
    return invocation
  }

  /** Waits until no job waits for a turn, and gives everything back. */
  async #settle(): Promise<void> {
    const { scheduler, window } = this.#context
    await scheduler.idle()
    window.closeWindow()
  }

  /** Gives the lease back, unless a job has a use for it. */
  async #giveBack(): Promise<void> {
    const { scheduler, leaseKeeper } = this.#context
    if (scheduler.isIdle) await leaseKeeper.release()
  }
}
