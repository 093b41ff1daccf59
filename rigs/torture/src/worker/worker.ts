// One worker process: makes transfers, or only looks, until it is stopped, killed or told to go home. It knows nothing of the
// faults, and can run on any machine that sees the bank's file and a DynamoDB API.
//
//   node --conditions=@sqlite-efs/source --import tsx rigs/torture/src/worker/worker.ts
//
// It is told by its environment:
//   TORTURE_WORKER             a WorkerConfig (worker-config.ts) as JSON
//   AWS_ENDPOINT_URL_DYNAMODB, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY
//                              the DynamoDB API, with the table `locks` (contestants.ts, TABLE) made before
// and by lines on its standard input:
//   go                         begin. Until then it has loaded everything and touched neither file nor DynamoDB.
//   stop, or the end of input  finish what is under way, disconnect, and exit with 0.
// It says what it did in its log (WorkerConfig.log: a local file, or `-` for standard output), one HistoryRecord (history.ts) a line,
// and nothing else; errors of its own go to the standard error, with exit code 1. SIGKILL, SIGSTOP and SIGCONT are
// welcome at any time. The bank's file is made by createBank (bank.ts), once, before the first `go`; checker.ts judges the logs and the file.
import { hostname } from 'node:os'
import { createInterface } from 'node:readline'
import { Random } from '@sqlite-efs/toolkit/random'
import { openClient } from './contestants.js'
import { recordEvents } from './event-records.js'
import { HistoryWriter, monotonicMs } from './history.js'
import { Workday } from './workday.js'
import { fromEnvironment } from './worker-config.js'

const config = fromEnvironment(process.env)
const history = new HistoryWriter(config.log)
const client = openClient(config, recordEvents(history))
const workday = new Workday(client, history, config, new Random(config.seed))
let working: Promise<void> | undefined

const orders = createInterface({ input: process.stdin })
orders.on('line', (order) => {
  if (order === 'go') working ??= workday.work()
  if (order === 'stop') orders.close()
})
orders.on('close', () => {
  workday.stop()
  void goHome()
})
history.write({ type: 'start', at: monotonicMs(), name: config.name, host: hostname(), pid: process.pid })

async function goHome(): Promise<void> {
  await working
  await client.close()
  history.write({ type: 'end', at: monotonicMs() })
  history.close()
  // Nothing keeps the process now; where something does, its keeper reports it as hung.
  process.stdin.destroy()
}
