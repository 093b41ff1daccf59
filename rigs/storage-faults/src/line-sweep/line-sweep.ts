import { cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FaultControl } from '../control.js'
import { preloaded } from '../shim.js'
import { Trace } from '../sweep/calls.js'
import type { Case, Result } from '../sweep/cases.js'
import { fastFolder } from '../sweep/fast-folder.js'
import { Worker } from '../sweep/worker-process.js'
import { TTL_MS } from './contest.js'
import { LINE_OPERATIONS } from './operations.js'
import type { LineReply, LineRequest } from './worker.js'

const SCRIPT = fileURLToPath(new URL('worker.ts', import.meta.url))

/** Runs operations on the files of a local line, one fault each, in a process that it starts. */
export class LineSweep {
  readonly #root = realpathSync(mkdtempSync(join(fastFolder(), 'line-sweep-')))
  readonly #watched = join(this.#root, 'watched')
  readonly #controlFile = join(this.#root, 'control')
  readonly #library: string
  readonly #control: FaultControl
  readonly #trace = new Trace(join(this.#root, 'trace'))
  /** Where the faults are. */
  #worker: Worker<LineRequest, LineReply> | undefined
  /** Another process, which none reaches. */
  readonly #other = new Worker<LineRequest, LineReply>(SCRIPT)
  #count = 0

  constructor(library: string) {
    this.#library = library
    mkdirSync(this.#watched)
    this.#control = new FaultControl(this.#controlFile)
  }

  /** Makes what cases begin with. */
  async prepare(): Promise<void> {
    await this.#other.ask({ do: 'open', directory: this.#image('quiet'), newest: 0 })
    await this.#other.ask({ do: 'run', operation: 'a line of two' })
    const doomed = new Worker<LineRequest, LineReply>(SCRIPT)
    await doomed.ask({ do: 'open', directory: this.#image('dead'), newest: 0 })
    await doomed.ask({ do: 'stand in line' })
    await doomed.end()
  }

  async run({ operation: name, warm, fault }: Case): Promise<Result> {
    const { image, told: expected } = LINE_OPERATIONS[name]!
    const directory = join(this.#watched, String(++this.#count))
    if (image !== 'none') cpSync(this.#image(image), directory, { recursive: true })
    if (!this.#worker || this.#worker.isGone) this.#worker = this.#start()
    const worker = this.#worker
    const wrong: string[] = []
    let newest = 0
    const ask = async (which: string, process: Worker<LineRequest, LineReply>, request: LineRequest) => {
      const reply = (await process.ask(request)) ?? { told: [], wrong: ['died, or did not answer'], newest }
      wrong.push(...reply.wrong.map((it) => `${which}: ${it}`))
      newest = Math.max(newest, reply.newest)
      return reply
    }
    await ask('the process', worker, { do: 'open', directory, newest })
    const { told, faults } = await ask('the process', worker, { do: 'run', operation: name, fault })
    const traced = this.#trace.take(directory)
    await ask('another process', this.#other, { do: 'open', directory, newest })
    const { contenders: left = [] } = await ask('another process', this.#other, { do: 'look' })
    // Each renewal says a time that is later than the last one's, by a millisecond where it came in the same.
    const latestMs = Date.now() + TTL_MS + 10
    wrong.push(
      ...left.flatMap(({ ticket, aliveUntilMs }) =>
        aliveUntilMs > latestMs ? [`${ticket} stays beyond its ttl`] : [],
      ),
    )
    const mustWork = async (which: string, process: Worker<LineRequest, LineReply>, operation: string) => {
      const reply = await ask(which, process, { do: 'run', operation })
      wrong.push(...reply.told.map((it) => `${which}: ${it}`))
    }
    await mustWork('the process afterwards', worker, 'a turn')
    await ask('another process', this.#other, { do: 'open', directory, newest })
    await mustWork('another process', this.#other, 'a turn')
    await mustWork('another process', this.#other, 'a line of two')
    const { contenders } = await ask('another process', this.#other, { do: 'look' })
    if (contenders?.length !== 0) wrong.push(`in line at the end: ${JSON.stringify(contenders)}`)
    wrong.push(...unexpectedFiles(directory))
    rmSync(directory, { recursive: true, force: true })
    const { calls = 0, callsOf = {}, fired = 0 } = faults ?? {}
    const where = faults?.where.replace(directory, '') ?? ''
    const isDone = told.every((it) => expected?.test(it))
    const all = told.join(' | ')
    return { operation: name, warm, fault, calls, callsOf, traced, fired, where, isDone, told: all, units: [], wrong }
  }

  async end(): Promise<void> {
    await this.#worker?.end()
    await this.#other.end()
    this.#control.close()
    rmSync(this.#root, { recursive: true, force: true })
  }

  #start(): Worker<LineRequest, LineReply> {
    this.#control.disarm()
    return new Worker(
      SCRIPT,
      preloaded({
        library: this.#library,
        folder: this.#watched,
        control: this.#controlFile,
        trace: this.#trace.path,
      }),
    )
  }

  #image(name: 'quiet' | 'dead'): string {
    return join(this.#root, name)
  }
}

/** A line in which none waits is one file. */
function unexpectedFiles(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const files = names.filter((name) => name.includes('/'))
  return files.length === 1 && names.length === 2 ? [] : [`left in the folder: ${names.join(' ')}`]
}
