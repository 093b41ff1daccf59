// The module of a Lambda function (lambda-torture.ts), bundled: its handlers, one of them in `withLease`. It is told by its environment
// what a worker is told (worker.ts); `WorkerConfig.log` and `name` are the function's, to which each environment adds its process id.
// What it knew stays in its log when it is killed.
import { hostname } from 'node:os'
import { PrismaSqliteEfs } from 'prisma-adapter-sqlite-efs'
import { withLease } from 'prisma-adapter-sqlite-efs/lambda'
import { openClient } from '../worker/contestants.js'
import { recordEvents } from '../worker/event-records.js'
import { HistoryWriter, monotonicMs } from '../worker/history.js'
import { fromEnvironment } from '../worker/worker-config.js'
import { ErrandRunner } from './errand-runner.js'
import { type ErrandEvent, MARGIN_MS } from './errands.js'

const { pid } = process
const config = fromEnvironment(process.env)
const name = `${config.name}-${pid}`
const history = new HistoryWriter(config.log.replace(/\.log$/, `-${pid}.log`))
const client = openClient(config, recordEvents(history))
const { adapter } = client
if (!(adapter instanceof PrismaSqliteEfs)) throw new Error(`${config.contestant} has no withLease`)
// A cold start is to load and open everything before the first invocation's time begins to run.
await client.prisma.account.count()
history.write({ type: 'start', at: monotonicMs(), name, host: hostname(), pid })

/** Without `withLease`. */
export const bare = (event: ErrandEvent, _context: object): Promise<void> =>
  new ErrandRunner(client, history, event).run()

/** The same in it. */
export const leased = withLease(adapter, bare, { marginMs: MARGIN_MS })
