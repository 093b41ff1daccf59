import { performance } from 'node:perf_hooks'
import { clearTimeout, setTimeout } from 'node:timers'
import type { LeaseEvent } from '@sqlite-efs/lease'
import { formatDuration } from '../terminal/format.js'
import type { Output } from '../terminal/output.js'

/** A command reports a wait that is longer than this. */
const FIRST_MS = 2_000
/** Interval between further reports of the same wait. */
const AGAIN_MS = 10_000

/** Says on stderr what a command waits for, while it waits. */
export class WaitNotice implements Disposable {
  readonly #output: Output
  readonly #what: (waited: string) => string
  readonly #since = performance.now()
  #timer: NodeJS.Timeout

  /** @param what - the words, given how long it has waited */
  constructor(output: Output, what: (waited: string) => string) {
    this.#output = output
    this.#what = what
    this.#timer = this.#after(FIRST_MS)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #after(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#output.note(this.#what(formatDuration(performance.now() - this.#since)))
      this.#timer = this.#after(AGAIN_MS)
    }, ms).unref()
  }
}

/** What is said of DynamoDB, or of the files of a local line, while there is no answer. */
export const noAnswerFrom = (asked: string) => (waited: string) =>
  `No answer from ${asked} for ${waited}: trying again. Ctrl-C ends it.`

/** Waits for an answer, and says so where it takes long. */
export async function saysWaiting<T>(
  output: Output,
  what: (waited: string) => string,
  action: () => Promise<T>,
): Promise<T> {
  using _notice = new WaitNotice(output, what)
  return await action()
}

/** Follows the waits for one lease, and says who holds it, or that there is no answer. */
export class LeaseWait implements Disposable {
  readonly #output: Output
  readonly #asked: string
  #notice: WaitNotice | undefined
  #place: { holder: string; position: number } | undefined

  /** @param asked - who is asked for the lease: `DynamoDB table app-locks`, for example */
  constructor(output: Output, asked: string) {
    this.#output = output
    this.#asked = asked
  }

  asked(): void {
    this[Symbol.dispose]()
    this.#place = undefined
    this.#notice = new WaitNotice(this.#output, (waited) => this.#text(waited))
  }

  hear(event: LeaseEvent): void {
    if (event.type !== 'waiting') return
    const isFirst = this.#place === undefined
    this.#place = event
    if (isFirst) this.#output.note(`Waiting for the lease: ${this.#line(event)}.`)
  }

  [Symbol.dispose](): void {
    this.#notice?.[Symbol.dispose]()
    this.#notice = undefined
  }

  #text(waited: string): string {
    if (this.#place)
      return `Still waiting for the lease after ${waited}: ${this.#line(this.#place)}. Ctrl-C leaves the line.`
    return noAnswerFrom(this.#asked)(waited)
  }

  #line({ holder, position }: { holder: string; position: number }): string {
    const others = position - 1
    const rest =
      others <= 0 ? 'this command is next' : `${others} more ${others === 1 ? 'waits' : 'wait'} before this command`
    return `${holder || 'another process'} holds it, and ${rest}`
  }
}

/** DynamoDB's words for a table, with where it is looked for. */
export function tableInWords(tableName: string): string {
  const region = process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION']
  const endpoint = process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? process.env['AWS_ENDPOINT_URL']
  const where = endpoint ? ` at ${withoutSecrets(endpoint)}` : region ? ` in ${region}` : ''
  return `DynamoDB table ${tableName}${where}`
}

const withoutSecrets = (url: string) => url.replace(/\/\/[^/@]*@/, '//...@')
