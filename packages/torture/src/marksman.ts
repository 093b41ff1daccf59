// A process of its own, for it does nothing but look while it aims: hits a writer with a signal at a chosen moment.
import { isDead, isInCommit, writerOf } from './moments.js'

/** At whom, when, and with what. */
export interface Order {
  id: number
  file: string
  moment: 'in-transaction' | 'in-commit'
  signal: 'SIGKILL' | 'SIGSTOP'
  /** Whom to hit. Without one: the process that has SQLite's write lock at that moment. */
  pid?: number
  /** Who may be hit. */
  pids: number[]
  withinMs: number
}

/** What became of an order. */
export interface Shot {
  id: number
  /** Who was hit; nobody, where the moment did not come. */
  pid?: number
  /** Whether the writer was in COMMIT and did not come out of it. */
  inCommit: boolean
}

const LOOK_EVERY_MS = 0.05
const DEATH_MS = 1000

function shoot({ id, file, moment, signal, pid, pids, withinMs }: Order): Shot {
  const deadlineMs = performance.now() + withinMs
  while (performance.now() < deadlineMs) {
    if (moment === 'in-transaction' || isInCommit(file)) {
      const victim = pid ?? writerOf(file)
      if (victim !== undefined && pids.includes(victim) && !isDead(victim)) {
        process.kill(victim, signal)
        if (signal === 'SIGKILL') waitForDeath(victim)
        return { id, pid: victim, inCommit: isInCommit(file) }
      }
    }
    pause(LOOK_EVERY_MS)
  }
  return { id, inCommit: false }
}

function waitForDeath(pid: number): void {
  const deadlineMs = performance.now() + DEATH_MS
  while (!isDead(pid) && performance.now() < deadlineMs) pause(0.2)
}

const cell = new Int32Array(new SharedArrayBuffer(4))
const pause = (ms: number) => Atomics.wait(cell, 0, 0, ms)

process.on('message', (order: Order) => {
  try {
    process.send?.(shoot(order))
  } catch (error) {
    // The victim was gone in the same moment.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    process.send?.({ id: order.id, inCommit: false } satisfies Shot)
  }
})
process.on('disconnect', () => process.exit())
