import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { CONTESTANTS, type ContestantName, openAdapter } from '../contestants/contestants.js'
import { messageOf } from '../machine/child-process.js'
import type { Context } from '../report/table.js'
import { type WorkloadName, workloads } from '../workloads/index.js'
import { checkRows } from '../workloads/workload.js'
import { type Contestant, type Pace, type SideBySide, sideBySide, type Turn, takeTurn } from './measure.js'

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

/** Who takes part in a race. */
export interface Entry<Name extends string> {
  name: Name
  contestant: ContestantName
  workload: WorkloadName
}

/** Each contestant, in one workload. */
export const inEach = (workload: WorkloadName): Entry<ContestantName>[] =>
  CONTESTANTS.map((contestant) => ({ name: contestant, contestant, workload }))

/** All who take part, at the start. */
export interface Race<Name extends string> {
  /** What they can do. */
  operations: readonly string[]
  /** How each writes. */
  settings: readonly string[]
  run(what: string, pace: Pace): Promise<SideBySide<Name>>
}

/**
 * Has each contestant do a workload in a process of its own, where the others are in nobody's way: adapter-libsql leaves a
 * connection to the garbage collector after each transaction, and thousands of open files make those of its neighbours slow.
 */
export async function race<Name extends string, T>(
  context: Context,
  entries: readonly Entry<Name>[],
  use: (race: Race<Name>) => Promise<T>,
): Promise<T> {
  const all = entries.map(({ name, contestant, workload }) => {
    return { name, contestant, child: start({ contestant, workload, folder: context.folder() }) }
  })
  try {
    const ready = await Promise.all(
      all.map(async ({ contestant, child }) => ({ contestant, ...((await messageOf(child)) as Ready) })),
    )
    const result = await use({
      operations: ready[0]!.operations,
      settings: ready.map(({ contestant, settings }) => `${contestant} ${settings}`),
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

const start = (role: Role): ChildProcess =>
  fork(process.argv[1]!, [CONTESTANT, JSON.stringify(role)], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })

const remote = <Name extends string>(name: Name, child: ChildProcess, what: string): Contestant<Name> => ({
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
