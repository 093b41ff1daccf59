import { LeaseError } from '../contract/errors.js'
import type { Contender } from '../contract/lease.js'
import { Deadline, GaveUp } from './deadline.js'
import type { LineClient } from './line-client.js'
import type { LineItem } from './line-item.js'
import type { PlaceStore } from './line-store.js'

/** Whom to take out of the line. */
export interface SweepTerms {
  key: string
  ticket: number
  force?: boolean
}

/** Attempts for `timeoutMs`, for who waits for an answer and not for a turn. @throws LeaseError */
export async function persistBriefly<T>(
  line: LineClient<PlaceStore>,
  key: string,
  attempt: () => Promise<T>,
): Promise<T> {
  const { clock, timeoutMs } = line.settings
  try {
    return await line.persist(key, new Deadline(clock, timeoutMs), attempt)
  } catch (error) {
    if (!(error instanceof GaveUp)) throw error
    throw new LeaseError('UNREACHABLE', `No answer about the lease on ${key} within ${timeoutMs} ms.`, { key })
  }
}

/**
 * {@link Leaser.sweep}, for any store.
 *
 * @param check - throws where the item is not to be touched
 * @throws LeaseError
 */
export async function sweepContender(
  line: LineClient<PlaceStore>,
  terms: SweepTerms,
  check: (item: LineItem) => void = () => {},
): Promise<Contender> {
  const { key, ticket, force = false } = terms
  let asked: Contender | undefined
  return persistBriefly(line, key, async () => {
    for (;;) {
      const item = await line.lookConsistently(key)
      check(item)
      const seen = item.contenders.find((it) => it.ticket === ticket)
      if (!seen) {
        // The answer to an earlier attempt was lost: whoever did it, it is out of the line now.
        if (asked) return asked
        throw noSuchTicket(key, ticket, item)
      }
      const { clock, maxClockSkewMs } = line.settings
      const untilMs = seen.aliveUntilMs + maxClockSkewMs
      if (!force && untilMs >= clock.wallMs()) throw contenderAlive(key, seen, untilMs)
      const atMs = Math.floor(clock.wallMs())
      asked = seen
      const { done } = await line.ask(() => line.store.sweep(key, seen, atMs))
      if (!done) continue
      line.emit({ type: 'swept', key, ticket, owner: seen.owner })
      return seen
    }
  })
}

function noSuchTicket(key: string, ticket: number, { contenders }: LineItem): LeaseError {
  const line = contenders.map((it) => `${it.ticket} (${it.owner})`).join(', ') || 'nobody'
  const message = `Nobody in the line for ${key} has ticket ${ticket}; in line: ${line}. Look at the line again.`
  return new LeaseError('NO_SUCH_TICKET', message, { key })
}

function contenderAlive(key: string, { owner, ticket }: Contender, untilMs: number): LeaseError {
  const message =
    `${owner}, with ticket ${ticket} in the line for ${key}, must be presumed alive until ` +
    `${new Date(untilMs).toISOString()}. Wait until then. Or force it, if it is dead for sure: else there may be two ` +
    'holders until it notices.'
  return new LeaseError('CONTENDER_ALIVE', message, { key, holder: owner })
}
