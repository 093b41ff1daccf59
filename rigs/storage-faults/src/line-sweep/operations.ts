import type { Contest } from './contest.js'

export interface LineOperation {
  /** What is there before: no line; one that stood empty at last; or one whose holder and its only waiter were killed. */
  image: 'none' | 'quiet' | 'dead'
  run(contest: Contest): Promise<void>
  /** What a caller is told if nothing fails. @default nothing */
  told?: RegExp
}

async function turn(contest: Contest): Promise<void> {
  const lease = await contest.acquire('a')
  await contest.renew(lease)
  await contest.release(lease)
}

export async function lineOfTwo(contest: Contest): Promise<void> {
  const first = await contest.acquire('a')
  const second = await contest.queue('b')
  await contest.renew(first)
  await contest.look()
  await contest.release(first)
  await contest.release(await second.ended)
}

async function raise(contest: Contest): Promise<void> {
  await contest.raise(contest.newest + 10)
  await contest.release(await contest.acquire('a'))
}

/** What a process does with the files of a local line. */
export const LINE_OPERATIONS: Record<string, LineOperation> = {
  'a turn': { image: 'quiet', run: turn },
  'the first turn': { image: 'none', run: turn },
  'a takeover': { image: 'dead', run: turn },
  'a line of two': { image: 'quiet', run: lineOfTwo },
  'the first line of two': { image: 'none', run: lineOfTwo },
  'a yield': {
    image: 'quiet',
    run: async (contest) => {
      const first = await contest.acquire('a')
      const second = await contest.queue('b')
      const again = contest.yield(first)
      await contest.release(await second.ended)
      await contest.release(await again)
    },
  },
  'a wait given up': {
    image: 'quiet',
    run: async (contest) => {
      const first = await contest.acquire('a')
      const second = await contest.acquire('b', { timeoutMs: 50 })
      await contest.look()
      await contest.release(first)
      await contest.release(second)
    },
    told: /^acquire: LeaseError LEASE_TIMEOUT/,
  },
  'a raise': { image: 'quiet', run: raise },
  'a raise of a new line': { image: 'none', run: raise },
  'a sweep by hand': {
    image: 'dead',
    run: async (contest) => {
      const [head] = await contest.look()
      if (head) await contest.sweep(head.ticket)
      await turn(contest)
    },
  },
}
