import { LeaseError } from '@sqlite-efs/lease'
import { type LineAnswer, type LineStore, StoreFailure } from '@sqlite-efs/lease/internal'
import type { Fate, Sender } from './fate.js'
import type { World } from './world.js'

type Apply = (store: LineStore) => Promise<LineAnswer>

/** The machine that sends requests, as its network sees it. */
export interface Host extends Sender {
  readonly world: World
  /** Its only thread is busy. */
  readonly isBlocked: boolean
  after(ms: number, callback: () => void): () => void
  soon(callback: () => void): void
  awake(callback: () => void): void
  /** A request is under way until what is returned is called. */
  asks(): () => void
}

/** The table as seen from one machine, over a network that delays, loses and repeats. */
export class NetworkStore implements LineStore {
  readonly #machine: Host
  readonly #timeoutMs: number

  constructor(machine: Host, timeoutMs: number) {
    this.#machine = machine
    this.#timeoutMs = timeoutMs
  }

  join: LineStore['join'] = (...args) => this.#send('join', args[0], (store) => store.join(...args))
  look: LineStore['look'] = (key, options) =>
    this.#send(options.consistent ? 'read' : 'look', key, (store) => store.look(key, options), options.signal)
  renew: LineStore['renew'] = (...args) => this.#send('renew', args[0], (store) => store.renew(...args))
  leave: LineStore['leave'] = (...args) => this.#send('leave', args[0], (store) => store.leave(...args))
  yield: LineStore['yield'] = (...args) => this.#send('yield', args[0], (store) => store.yield(...args))
  sweep: LineStore['sweep'] = (...args) => this.#send('sweep', args[0], (store) => store.sweep(...args))
  raise: LineStore['raise'] = (...args) => this.#send('raise', args[0], (store) => store.raise(...args))

  #send(operation: string, key: string, apply: Apply, signal?: AbortSignal): Promise<LineAnswer> {
    const machine = this.#machine
    const { world } = machine
    world.requests.push(operation)
    const fate: Fate = { requestMs: 2, answerMs: 2, ...world.fate(operation, machine) }
    const asked = new Promise<LineAnswer>((resolve, reject) => {
      const fail = (kind: StoreFailure['kind'], dateMs?: number) => {
        cancelTimeout()
        reject(new StoreFailure(kind, new LeaseError('UNREACHABLE', `${operation} failed`), dateMs))
      }
      const cancelTimeout = machine.after(this.#timeoutMs, () => {
        this.#machine.note(`${operation} timed out`)
        fail('ambiguous')
      })
      signal?.addEventListener('abort', () => fail('ambiguous'), { once: true })
      const onItsWay = () => {
        const { epoch } = world
        if (fate.throttled)
          return void world.after(4, () => machine.awake(() => fail('throttled', dateOf(world.nowMs))))
        if (fate.lost === 'request') return
        world.after(fate.requestMs, () => {
          if (epoch !== world.epoch) return
          void this.#apply(operation, key, fate, apply).then((answer) => {
            const dateMs = dateOf(world.nowMs)
            if (fate.lost === 'answer') return
            const arrived = () => {
              cancelTimeout()
              resolve({ ...answer, dateMs })
            }
            world.after(fate.answerMs, () => machine.awake(arrived))
          })
        })
        if (fate.duplicateAfterMs === undefined) return
        world.after(fate.requestMs + fate.duplicateAfterMs, () => {
          if (epoch === world.epoch) void this.#apply(`${operation}, once more`, key, {}, apply)
        })
      }
      // Who dies in a block never comes to send it.
      if (machine.isBlocked) machine.soon(onItsWay)
      else onItsWay()
    })
    return asked.finally(machine.asks())
  }

  async #apply(operation: string, key: string, { staleMs = 0 }: Partial<Fate>, apply: Apply): Promise<LineAnswer> {
    const { world } = this.#machine
    const before = operation.startsWith('sweep') ? world.table.contenders(key) : []
    const answer = await apply(world.store)
    const gone = answer.done && before.find(({ id }) => !answer.item?.contenders.some((it) => it.id === id))
    if (gone) world.swept(gone, before)
    // Only an eventually consistent read: answers to writes and consistent reads are never stale.
    if (staleMs > 0 && operation === 'look') {
      const old = world.history.findLast((it) => it.key === key && it.atMs <= world.nowMs - staleMs)
      this.#machine.note(`look, ${Math.round(staleMs)} ms stale`)
      return old?.answer ?? { done: true, item: { ticket: 0, contenders: [] } }
    }
    if (operation !== 'look' && operation !== 'read') {
      if (answer.done) world.history.push({ atMs: world.nowMs, key, answer })
      this.#machine.note(`${operation}${answer.done ? '' : ' refused'}: ${lineOf(answer)}`)
    }
    return answer
  }
}

/** As an HTTP header has it. */
const dateOf = (nowMs: number) => Math.floor(nowMs / 1000) * 1000

function lineOf({ item }: LineAnswer): string {
  const line = item?.contenders.map(
    ({ owner, ticket, aliveUntilMs }) => `${owner}#${ticket}(${aliveUntilMs % 1_000_000})`,
  )
  return line?.join(' ') || 'nobody'
}
