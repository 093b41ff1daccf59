// Contends for a lease on a local line in a process of its own, which may have the library preloaded; messages say what to do.
import { type Fault, FaultControl, type Seen } from '../control.js'
import { Contest } from './contest.js'
import { LINE_OPERATIONS } from './operations.js'

export type LineRequest =
  | { do: 'open'; directory: string; newest: number }
  | { do: 'run'; operation: string; fault?: Fault }
  | { do: 'look' }
  /** One holds the lease, the other waits, and neither ends. */
  | { do: 'stand in line' }

export interface LineReply {
  told: string[]
  wrong: string[]
  newest: number
  contenders?: readonly { ticket: number; aliveUntilMs: number }[]
  faults?: Seen
}

const controlFile = process.env['STORAGE_FAULTS_CONTROL']
const control = controlFile === undefined ? undefined : new FaultControl(controlFile)
let contest: Contest

async function obey(request: LineRequest): Promise<Partial<LineReply>> {
  switch (request.do) {
    case 'open':
      contest = new Contest(request.directory, request.newest)
      return {}
    case 'stand in line':
      await contest.acquire('a')
      await contest.queue('b')
      return {}
    case 'look':
      return { contenders: await contest.look() }
    case 'run':
      if (request.fault) control?.arm(request.fault)
      try {
        await LINE_OPERATIONS[request.operation]!.run(contest)
        return control && request.fault ? { faults: control.seen() } : {}
      } finally {
        control?.disarm()
      }
  }
}

process.on('message', (request: LineRequest) => {
  void obey(request)
    .catch((error: unknown) => void contest.wrong.push(`${request.do}: ${String(error)}`))
    .then((reply) => {
      const { told, wrong, newest } = contest
      process.send!({ told: told.splice(0), wrong: wrong.splice(0), newest, ...reply } satisfies LineReply)
    })
})
