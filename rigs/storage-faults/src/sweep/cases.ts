import type { CallKind, Fault } from '../control.js'
import type { Call } from './calls.js'

/** One fault in one operation. */
export interface Case {
  operation: string
  /** The connections of the process were used before, and another process has written since. */
  warm: boolean
  fault: Fault
}

/** What came of a case. */
export interface Result extends Case {
  /** Calls of these kinds that the operation made. */
  calls: number
  callsOf: Partial<Record<CallKind, number>>
  /** The same one by one, where they were only counted. */
  traced: readonly Call[]
  fired: number
  /** The call that failed. */
  where: string
  /** The operation did what it is for. */
  isDone: boolean
  /** What the caller was told. */
  told: string
  /** Units in the file at the end; none where only the line is looked at. */
  units: readonly string[]
  /** What must not be; empty where all is well. */
  wrong: string[]
}
