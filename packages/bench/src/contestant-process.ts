import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { messageOf } from './child-process.js'
import { CONTESTANTS, type ContestantName, openAdapter } from './contestants.js'
import { type Contestant, type Pace, type SideBySide, sideBySide, type Turn, takeTurn } from './measure.js'
import type { Context } from './table.js'
import { type WorkloadName, workloads } from './workloads/index.js'
import { checkRows } from './workloads/workload.js'

/** The program's first word where it is to be a contestant. */
export const CONTESTANT = 'contestant'

/** What a contestant is, in its second word. */
interface Role {
  contestant: ContestantName
  workload: WorkloadName
  folder: string
}

/** What it is asked for. */
interface Request {
  what: string
  turnMs: number
}

/** What it says as it is ready. */
interface Ready {
  operations: string[]
  settings: string | undefined
}

/** All contestants at the start of one workload. */
export interface Race {
  /** What they can do. */
  operations: readonly string[]
  /** How each writes. */
  settings: readonly string[]
  run(what: string, pace: Pace): Promise<SideBySide<ContestantName>>
}

/**
 * Has each contestant do a workload in a process of its own, where the others are in nobody's way: adapter-libsql leaves a
 * connection to the garbage collector after each transaction, and thousands of open files make those of its neighbours slow.
 */
export async function race<T>(context: Context, workload: WorkloadName, use: (race: Race) => Promise<T>): Promise<T> {
  const all = CONTESTANTS.map((contestant) => start({ contestant, workload, folder: context.folder() }))
  try {
    const ready = await Promise.all(
      all.map(async ({ name, child }) => ({ name, ...((await messageOf(child)) as Ready) })),
    )
    const result = await use({
      operations: ready[0]!.operations,
      settings: ready.map(({ name, settings }) => `${name} ${settings}`),
      run: (what, pace) =>
        sideBySide(
          all.map(({ name, child }) => remote(name, child, what)),
          pace,
        ),
    })
    await Promise.all(all.map(({ child }) => end(child)))
    return result
  } finally {
    for (const { child } of all) child.kill('SIGKILL')
  }
}

function start(role: Role): { name: ContestantName; child: ChildProcess } {
  const child = fork(process.argv[1]!, [CONTESTANT, JSON.stringify(role)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return { name: role.contestant, child }
}

const remote = (name: ContestantName, child: ChildProcess, what: string): Contestant<ContestantName> => ({
  name,
  async turn(turnMs) {
    const answer = messageOf(child)
    child.send({ what, turnMs } satisfies Request)
    return (await answer) as Turn
  },
})

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.disconnect()
  await ended
}

/** Takes part in {@link race}: does what it is asked for until it is no longer wanted. */
export async function takePart(word: string): Promise<void> {
  const role = JSON.parse(word) as Role
  const workload = workloads[role.workload]
  const open = await workload.open(await openAdapter(role.contestant, role.folder, workload))
  await checkRows(open)
  const { operations, settings, close } = open
  process.on('message', ({ what, turnMs }: Request) => {
    takeTurn(operations[what]!, turnMs).then(
      (turn) => process.send!(turn),
      (error: unknown) => {
        console.error(`${role.contestant}, ${what}:`, error)
        process.exit(1)
      },
    )
  })
  process.send!({ operations: Object.keys(operations), settings } satisfies Ready)
  await once(process, 'disconnect')
  await close()
}
