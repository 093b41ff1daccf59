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

const LOOK_EVERY_MS = 0.2
/** For so long a writer is believed to be one. */
const AIM_MS = 3
const DEATH_MS = 1000

function shoot({ id, file, moment, signal, pid, pids, withinMs }: Order): Shot {
  const deadlineMs = performance.now() + withinMs
  // Without file locks nobody knows who rolls an old journal back: only a new one tells of a COMMIT.
  let isArmed = pid === undefined
  while (performance.now() < deadlineMs) {
    isArmed ||= !isInCommit(file)
    const victim = isArmed ? (pid ?? writerOf(file)) : undefined
    const isNow = () => moment === 'in-transaction' || isInCommit(file)
    // COMMIT takes less than a millisecond on a fast disk: there is no time to ask who it is.
    if (victim !== undefined && pids.includes(victim) && spin(isNow, AIM_MS)) {
      process.kill(victim, signal)
      if (signal === 'SIGKILL') waitForDeath(victim)
      return { id, pid: victim, inCommit: isInCommit(file) }
    }
    // Who aims at somebody frozen would take a whole core for it.
    pause(LOOK_EVERY_MS)
  }
  return { id, inCommit: false }
}

function spin(isNow: () => boolean, forMs: number): boolean {
  const deadlineMs = performance.now() + forMs
  do {
    if (isNow()) return true
  } while (performance.now() < deadlineMs)
  return false
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
// A Ctrl-C reaches all of a terminal's processes; who waits for a shot says when this one is to end.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => {})
