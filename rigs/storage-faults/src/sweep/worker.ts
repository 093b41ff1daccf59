// Runs operations in a process of its own, which may have the library preloaded; messages say what to do.
import type { Database } from '@sqlite-efs/database'
import { type Fault, FaultControl, type Seen } from '../control.js'
import { argumentsOf, ENTER, openBank, STATE, unitsOf } from './bank.js'
import { type Answer, OPERATIONS, outcomeOf, type Places } from './operations.js'

export type Request =
  | { do: 'open'; path: string; line: string; warm: boolean }
  | { do: 'run'; operation: string; places: Places; fault: Fault }
  | { do: 'read' }
  | { do: 'write'; unit: string }
  | { do: 'close' }

export type Reply = Answer & { faults?: Seen }

const controlFile = process.env['STORAGE_FAULTS_CONTROL']
const control = controlFile === undefined ? undefined : new FaultControl(controlFile)
let database: Database

async function obey(request: Request): Promise<Reply> {
  switch (request.do) {
    case 'open':
      database = openBank(request.path, request.line)
      if (request.warm) {
        await database.execute(STATE)
        await database.execute(ENTER, argumentsOf('warm'))
        await (await database.transaction({ mode: 'deferred' })).rollback()
      }
      return { outcomes: [], wrong: [] }
    case 'run': {
      control?.arm(request.fault)
      try {
        const answer = await OPERATIONS[request.operation]!.run(database, request.places)
        return control ? { ...answer, faults: control.seen() } : answer
      } finally {
        control?.disarm()
      }
    }
    case 'read': {
      const { units, wrong } = unitsOf((await database.execute(STATE)).rows)
      return { outcomes: [], wrong: wrong ? [wrong] : [], seen: units }
    }
    case 'write':
      await database.execute(ENTER, argumentsOf(request.unit))
      return { outcomes: [], wrong: [] }
    case 'close':
      await database.close()
      return { outcomes: [], wrong: [] }
  }
}

process.on('message', (request: Request) => {
  void obey(request)
    .catch((error: unknown): Reply => {
      const { error: text = '' } = outcomeOf(request.do, error)
      return { outcomes: [], wrong: [`${request.do}: ${text}`] }
    })
    .then((reply) => process.send!(reply))
})
