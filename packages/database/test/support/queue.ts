import { LocalLeaser } from '@sqlite-efs/lease'
import { type DatabaseEvent, Listeners } from '../../src/contract/events.js'
import type { FileConnection } from '../../src/engine/connection.js'
import { EventLoop } from '../../src/engine/event-loop.js'
import { FreezeDetector } from '../../src/file/freeze-detector.js'
import { LastingReaders } from '../../src/read/lasting-readers.js'
import type { GroupOutcome } from '../../src/write/group-commit.js'
import type { Answer, Job } from '../../src/write/job.js'
import { LeaseKeeper } from '../../src/write/lease-keeper.js'
import { WriteQueue, type WriteQueueContext } from '../../src/write/write-queue.js'
import { TurnIsOver, type WriteTurn } from '../../src/write/write-turn.js'
import { WriterConnection } from '../../src/write/writer-connection.js'
import { WatchedLeaser } from './leasers.js'
import { ManualClock } from './manual-clock.js'
import { nextTick } from './scratch.js'

/** A write, and the promise of its caller. */
export interface Sent {
  name: string
  done: () => void
}

/** All of a group were dealt with. */
export const answered = (group: Sent[]): GroupOutcome<Sent> => ({
  answer: () => group.forEach(({ done }) => done()),
  done: group.length,
  alone: [],
})

const waits = { what: 'a write', timeoutOption: 'lease.timeoutMs', timeoutMs: 1_000 } as const

let queues = 0

/** A queue without a file, on a clock that passes when told. */
export function queueOnly(options: Partial<WriteQueueContext<Sent>> = {}) {
  const clock = (options.clock as ManualClock | undefined) ?? new ManualClock()
  const line = new LocalLeaser({ clock })
  const leaser = new WatchedLeaser(line)
  const path = `/queue-${++queues}.db`
  const key = `database#${path}`
  const leaseKeeper = new LeaseKeeper({ leaser, key, clock, maxHoldMs: 250 })
  /** What was served, in its order: writes that shared a turn are one entry. */
  const served: string[] = []
  const events: DatabaseEvent[] = []
  const listeners = new Listeners()
  listeners.add((event) => events.push(event))
  const freeze = new FreezeDetector(clock)
  const noFile = { close: () => {} } as FileConnection
  const connection = new WriterConnection({ open: () => noFile, freeze })
  const lockWait = () => ({ path, clock, random: () => 0, timeoutMs: 100, onTimeout: (ms: number) => `${ms}` })
  const readers = new LastingReaders({
    clock,
    open: () => {
      throw new Error('there is no file')
    },
    lockWait,
    freeze,
  })
  const queue = new WriteQueue<Sent>({
    path,
    clock,
    fencing: 'off',
    connection,
    readers,
    window: { closeWindow: () => {} },
    listeners,
    lockWait,
    eventLoop: new EventLoop(clock),
    freeze,
    leaseKeeper,
    explainBusy: async (error) => error,
    release: 'background',
    runGroup: async (group) => {
      served.push(group.map(({ name }) => name).join(' '))
      return answered(group)
    },
    invocations: { keepLease: false },
    ...options,
  })
  const add = (job: (done: () => void) => Partial<Job<Sent>>) =>
    new Promise<void>((resolve, reject) => {
      queue.add({ ...waits, ...job(resolve), fail: reject } as Job<Sent>)
    })
  return {
    clock,
    key,
    line,
    leaser,
    queue,
    connection,
    events,
    served,
    /** A write that may share its turn. */
    write: (name: string, timeoutMs = 1_000) => add((done) => ({ timeoutMs, groupable: { name, done } })),
    /** Something that needs a turn of its own. */
    alone: (name: string, run: (turn: WriteTurn) => Promise<unknown> = async () => {}, timeoutMs = 1_000) =>
      add((done) => ({
        what: name,
        timeoutMs,
        run: async (turn): Promise<Answer> => {
          served.push(name)
          await run(turn)
          return done
        },
      })),
    /** Lets time pass, and what waits for it go on. */
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 5) {
        clock.advance(5)
        await nextTick()
      }
      await nextTick()
    },
  }
}

/** Something that goes on until it is told. */
export function until() {
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return { ended: () => ended, end }
}

/** Runs out of turns so many times. */
export function throwsTimes(times: number, isSuperseded: boolean) {
  let thrown = 0
  return async () => {
    if (thrown++ < times) throw new TurnIsOver(isSuperseded)
  }
}

/** What became of each, in the order in which it did. */
export function outcomes(attempts: Record<string, Promise<unknown>>): string[] {
  const told: string[] = []
  for (const [name, attempt] of Object.entries(attempts)) {
    attempt.then(
      () => told.push(`${name} done`),
      (error: { code?: string; message: string }) => told.push(`${name} ${error.code ?? error.message}`),
    )
  }
  return told
}
