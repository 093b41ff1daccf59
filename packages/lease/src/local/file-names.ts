import type { Contender } from '../contract/lease.js'
import type { LineItem } from '../line/line-item.js'

/** An item as a file has it. Owners are called `who` there, as in the table. */
export function storedItemOf(key: string, { contenders, swept, ...rest }: LineItem): string {
  return JSON.stringify({ key, ...rest, contenders: contenders.map(stored), ...(swept && { swept: stored(swept) }) })
}

/**
 * The other way round; nothing for a text that is missing, torn, or something else.
 *
 * @throws Error for contenders as another version of this package may write them: they must not be overlooked
 */
export function parseStoredItem(text: string | undefined): LineItem | undefined {
  let item: unknown
  try {
    item = JSON.parse(text ?? '')
  } catch {
    return undefined
  }
  const { ticket, contenders, swept } = isRecord(item) ? item : {}
  if (!isCount(ticket) || !Array.isArray(contenders)) return undefined
  const line = contenders.map(parsed)
  if (!line.every(isContender)) {
    throw new Error('another version of @sqlite-efs/lease has written it: give all processes the same version')
  }
  const last = parsed(swept)
  return { ticket, contenders: line, ...(isSwept(last) && { swept: last }) }
}

const stored = <T extends { owner: string }>({ owner, ...rest }: T) => ({ ...rest, who: owner })

function parsed(value: unknown): unknown {
  if (!isRecord(value)) return value
  const { who, ...rest } = value
  return { ...rest, owner: who }
}

/**
 * A line of nobody or of one, who was swept last, and the length of the one's lease, as a part of a file's name; nothing for
 * what has no place there. The length comes last: programs that do not know it overlook it.
 */
export function namePartOf({ contenders, swept }: LineItem): string | undefined {
  const [one, another] = contenders
  if (another) return undefined
  const told = [
    one ? [one.id, one.owner, one.aliveUntilMs, one.ticket] : [],
    swept ? [swept.owner, swept.ticket, swept.atMs] : [],
    ...(one?.ttlMs === undefined ? [] : [[one.ttlMs]]),
  ]
  try {
    return told.map((fields) => fields.map(asNamePart).join(',')).join(';')
  } catch {
    // Half of a character.
    return undefined
  }
}

/** The other way round; nothing for what {@link namePartOf} did not write. */
export function parseNamePart(ticket: number, part: string): LineItem | undefined {
  try {
    const [one = [], last = [], [ttl = ''] = []] = part
      .split(';')
      .map((fields) => fields.split(',').map((it) => decodeURIComponent(it)))
    const contender = {
      id: one[0],
      owner: one[1],
      aliveUntilMs: Number(one[2]),
      ticket: Number(one[3]),
      ...(ttl && { ttlMs: Number(ttl) }),
    }
    const swept = { owner: last[0], ticket: Number(last[1]), atMs: Number(last[2]) }
    return {
      ticket,
      contenders: one.length === 4 && isContender(contender) ? [contender] : [],
      ...(last.length === 3 && isSwept(swept) && { swept }),
    }
  } catch {
    return undefined
  }
}

/** What no file system minds: encodeURIComponent leaves an asterisk as it is. */
const asNamePart = (value: string | number) => encodeURIComponent(value).replaceAll('*', '%2A')

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isCount = (value: unknown): value is number => Number.isSafeInteger(value)

const isContender = (value: unknown): value is Contender =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  typeof value['owner'] === 'string' &&
  isCount(value['ticket']) &&
  isCount(value['aliveUntilMs']) &&
  (value['ttlMs'] === undefined || Number.isFinite(value['ttlMs']))

const isSwept = (value: unknown): value is NonNullable<LineItem['swept']> =>
  isRecord(value) && typeof value['owner'] === 'string' && isCount(value['ticket']) && isCount(value['atMs'])
