import type { LeaseError } from './errors.js'

/** What a leaser tells `onEvent`, in the order in which it happens. */
export type LeaseEvent =
  /** Stands in line; told again at each change of the position (how many stand before). */
  | { type: 'waiting'; key: string; position: number; holder: string }
  | { type: 'acquired'; key: string; token: number; waitedMs: number; waiting: number }
  | { type: 'renewed'; key: string; token: number }
  | { type: 'released'; key: string; token: number }
  /** Went to the end of the line, behind `waiting` others. */
  | { type: 'yielded'; key: string; token: number; waiting: number }
  | { type: 'lost'; key: string; token: number; error: LeaseError }
  /** Took a dead holder out of the line. */
  | { type: 'swept'; key: string; ticket: number; who: string }
