import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { HistoryRecord } from '../worker/history.js'

/** Everything that one worker wrote down. */
export interface History {
  name: string
  records: HistoryRecord[]
}

/** Reads the workers' logs in a folder while they grow. */
export class Collector {
  readonly #folder: string
  readonly #logs = new Map<string, { history: History; offset: number; rest: string }>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** What is known since the last call of {@link Collector.collect}. */
  get histories(): readonly History[] {
    return [...this.#logs.values()].map(({ history }) => history)
  }

  /** Reads what is new, and returns it. */
  collect(): HistoryRecord[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith('.log'))
      .flatMap((name) => this.#read(name))
  }

  #read(file: string): HistoryRecord[] {
    const log = this.#logs.get(file) ?? { history: { name: file.slice(0, -4), records: [] }, offset: 0, rest: '' }
    this.#logs.set(file, log)
    const lines = (log.rest + readFrom(join(this.#folder, file), log.offset, (read) => (log.offset += read))).split(
      '\n',
    )
    // A line that its writer did not live to end was never written, as far as he knew.
    log.rest = lines.pop() ?? ''
    const records = lines.map((line) => JSON.parse(line) as HistoryRecord)
    for (const record of records) log.history.records.push(record)
    return records
  }
}

/** Every line is ASCII but for what messages quote; a character that is cut in two only spoils a message. */
function readFrom(path: string, offset: number, onRead: (bytes: number) => void): string {
  const descriptor = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(Math.max(0, fstatSync(descriptor).size - offset))
    const read = readSync(descriptor, bytes, 0, bytes.length, offset)
    onRead(read)
    return bytes.toString('utf8', 0, read)
  } finally {
    closeSync(descriptor)
  }
}
