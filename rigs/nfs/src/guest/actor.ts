// One process on one host: opens the file, and does what it is asked on its standard input.
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { ADD_TO_ALL, addEntry, isWhole, PROBE, type Probe, probeOf } from '../world.js'
import type { ActorOptions, PollReport, Reply, Request, Requests, WireError } from './protocol.js'
import { openSubject, type Subject } from './subject.js'

const options = JSON.parse(process.argv[2] ?? '{}') as ActorOptions
const tell = (reply: Reply) => process.stdout.write(`${JSON.stringify(reply)}\n`)

let opened: Subject | undefined
/** Raw connections touch the file as they are made, and may fail then. */
const subject = () => {
  opened ??= openSubject(options)
  return opened
}
let count = 0
let polling: { report: PollReport; stop: () => Promise<void> } | undefined

const handlers: { [What in keyof Requests]: (asks: Requests[What]['asks']) => Promise<Requests[What]['answers']> } = {
  query: (statement) => subject().query(statement),
  queries: async ({ statements }) => {
    await Promise.all(statements.map((statement) => subject().query(statement)))
    return null
  },
  series: async ({ statements }) => {
    for (const statement of statements) await subject().query(statement)
    return null
  },
  begin: async ({ mode }) => done(subject().begin(mode)),
  run: (statement) => subject().run(statement),
  commit: () => done(subject().commit()),
  rollback: () => done(subject().rollback()),
  script: ({ sql }) => done(subject().script(sql)),
  probe,
  add,
  addForever: async () => {
    for (;;) tell({ acknowledged: await add() })
  },
  poll: async ({ everyMs }) => {
    polling = startPolling(everyMs)
    return null
  },
  clock: async () => Number(process.hrtime.bigint() / 1000n) / 1000,
  polled: async () => {
    if (!polling) throw new Error('poll first')
    await polling.stop()
    return polling.report
  },
}

async function done(promise: Promise<void>): Promise<null> {
  await promise
  return null
}

async function probe(): Promise<Probe> {
  return probeOf((await subject().query({ sql: PROBE }))[0])
}

async function add(): Promise<number> {
  const n = count++
  await subject().begin()
  try {
    await subject().run({ sql: ADD_TO_ALL })
    await subject().run(addEntry(options.owner, n))
  } catch (error) {
    await subject().rollback()
    throw error
  }
  await subject().commit()
  return n
}

function startPolling(everyMs: number): { report: PollReport; stop: () => Promise<void> } {
  const report: PollReport = { looks: 0, torn: [], backwards: 0, failed: {}, longestGapMs: 0, last: undefined }
  const stopping = new AbortController()
  let goodAtMs = performance.now()
  const look = async () => {
    try {
      const seen = await probe()
      report.looks++
      if (!isWhole(seen)) report.torn.push(seen)
      if (report.last && seen.entries < report.last.entries) report.backwards++
      report.last = seen
      report.longestGapMs = Math.max(report.longestGapMs, performance.now() - goodAtMs)
      goodAtMs = performance.now()
    } catch (error) {
      const { code } = wireError(error)
      report.failed[code] = (report.failed[code] ?? 0) + 1
      // Only the raw controls get a new connection from us.
      if (options.kind === 'raw') {
        await opened?.close().catch(() => {})
        opened = undefined
      }
    }
  }
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await look()
      await setTimeout(everyMs)
    }
  })()
  return {
    report,
    stop: () => {
      stopping.abort()
      return loop
    },
  }
}

function wireError(error: unknown): WireError {
  const { name, message, code, details, rawCode } = error as Error & {
    code?: unknown
    rawCode?: number
    details?: { extendedCode?: number }
  }
  return { name, message, code: String(code ?? name), extendedCode: details?.extendedCode ?? rawCode }
}

async function handle({ id, what, with: asks }: Request): Promise<void> {
  const startedMs = performance.now()
  const ms = () => Math.round(performance.now() - startedMs)
  try {
    const handler = handlers[what] as (asks: unknown) => Promise<unknown>
    const answer = await handler(asks)
    tell({ id, answer, ms: ms() })
  } catch (error) {
    tell({ id, error: wireError(error), ms: ms() })
  }
}

const input = createInterface({ input: process.stdin })
input.on('line', (line) => void handle(JSON.parse(line) as Request))
input.on('close', () => process.exit())
tell({ ready: true })
