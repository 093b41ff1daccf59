import type { Machine } from '../world/machine.js'

/** What becomes of a COMMIT: an I/O error may come before its commit point, or after it. Nobody can tell which. */
export type CommitFate = 'done' | 'failed' | 'failed, though it was done'

/** A process as the file and its connections see it. */
export interface Actor {
  readonly machine: Machine
  /** Those it has open. */
  readonly connections: Set<{ loseLocks(): void }>
  /** The ticket of its last lease. */
  readonly token: number
  /** Whether any of its leases lasts, by its own clocks. */
  readonly holds: boolean
  /** How long the next COMMIT takes. */
  commitMs(): number
  /** What becomes of it. */
  commitFate(): CommitFate
  /** For how long somebody reads the file, without the lease, from when the next COMMIT is asked for. */
  readByStrangerMs(): number
  /** For how long the next statement blocks the only thread. */
  blockingMs(): number
  /** How long the next statement takes that lets the event loop go on. */
  statementMs(): number
  pause(ms: number): Promise<void>
  /** Until its thread is free. */
  freed(): Promise<void>
  /** Adds a line to the trace. */
  note(what: string): void
}
