/** One way to run the model. */
export interface Configuration {
  name: string
  /** What is passed to Spin and to the compiler with -D. */
  flags: string[]
  /** Only with --large. */
  isLarge?: boolean
}

/** The protocol as it is: every promise, and why it is kept, holds in every state. */
export const PROTOCOL: Configuration[] = [
  { name: 'three contenders, all faults', flags: ['LINE=3', 'NET=1'] },
  { name: 'three contenders, faults stop: everybody gets a turn', flags: ['LINE=3', 'NET=1', 'CALM'], isLarge: true },
  { name: 'two contenders, two late requests', flags: ['CONTENDERS=2', 'LINE=2', 'NET=2'] },
  { name: 'two contenders, fast clocks write too', flags: ['CONTENDERS=2', 'LINE=3', 'NET=1', 'FAST_SENDERS'] },
  { name: 'two contenders, longer lease', flags: ['CONTENDERS=2', 'LINE=3', 'NET=1', 'TTL=6'] },
  { name: 'two contenders, the item is lost', flags: ['CONTENDERS=2', 'LINE=3', 'NET=1', 'LOST_ITEM'] },
  {
    name: 'two contenders, faults stop: both get a turn',
    flags: ['CONTENDERS=2', 'LINE=3', 'NET=1', 'CALM', 'COUNT_ACTIONS'],
  },
]

/** A rule that no promise depends on: its removal changes nothing here. */
export const WITHOUT_HEAD_ONLY: Configuration = {
  name: 'any dead entry is swept, not the head only',
  flags: ['CONTENDERS=2', 'LINE=3', 'NET=1', 'SWEEP_NOT_HEAD'],
}

/** The smallest that shows what a broken rule leads to, with names that stay. */
const SMALL = ['CONTENDERS=2', 'LINE=2', 'NET=1', 'UNSORTED', 'PROMISES_ONLY']

/** The protocol with one rule removed, or one assumption broken: each must break a promise. */
export const MUTANTS: Configuration[] = [
  { name: 'no guard before COMMIT', flags: ['NO_GUARD', ...SMALL] },
  { name: 'no fence', flags: ['NO_FENCE', ...SMALL] },
  { name: 'no fence, and the item is lost', flags: ['NO_FENCE', 'LOST_ITEM', ...SMALL] },
  { name: 'any ticket holds the lease', flags: ['NO_TICKET_ORDER', ...SMALL] },
  { name: 'a renewal may move `u` back', flags: ['RENEW_MOVES_BACK', ...SMALL] },
  { name: 'a renewal is believed whose entry is gone', flags: ['RENEW_WITHOUT_ENTRY', ...SMALL] },
  { name: "a join's time counts from its replay", flags: ['TIME_FROM_REPLAY', ...SMALL] },
  { name: 'a sweep does not ask for the ticket and `u` it saw', flags: ['SWEEP_ANY', ...SMALL] },
  { name: 'elapsed time by the monotonic clock alone', flags: ['MONOTONIC_ONLY', ...SMALL] },
  { name: 'wall clocks further apart than `maxClockSkewMs`', flags: ['SKEW_BEYOND', ...SMALL] },
  { name: 'a place is left while its COMMIT is under way', flags: ['LEAVES_IN_COMMIT', ...SMALL] },
  { name: 'a pause of more than `ttlMs` / 2 in COMMIT', flags: ['LONG_COMMIT', ...SMALL] },
  { name: 'the item is deleted while there are writers', flags: ['LOST_ITEM', 'LOST_WHILE_HELD', ...SMALL] },
  { name: 'nobody sweeps: not everybody gets a turn', flags: ['NO_SWEEP', 'CALM', ...SMALL] },
]
