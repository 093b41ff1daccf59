import type { DatabaseEvent } from '@sqlite-efs/database'
import type { LeaseEvent } from '@sqlite-efs/lease'
import { type HistoryWriter, monotonicMs } from './history.js'

/** Writes down what the adapter's `onEvent` tells. */
export const recordEvents = (history: HistoryWriter) => (event: LeaseEvent | DatabaseEvent) => {
  const at = monotonicMs()
  switch (event.type) {
    case 'acquired':
    case 'released':
    case 'yielded':
    case 'lost':
      return history.write({ type: 'lease', at, event: event.type, token: event.token })
    case 'swept':
      return history.write({ type: 'lease', at, event: 'swept', token: event.ticket })
    case 'waiting':
    case 'gave-up':
      return history.write({ type: 'line', at, event: event.type })
    case 'commit':
    case 'conflict':
    case 'recovery':
    case 'journal-restored':
      return history.write({ type: 'file', at, event: event.type, token: event.token })
    case 'renewed':
    case 'unanswered':
  }
}
