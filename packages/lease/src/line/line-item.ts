import type { Contender, LineState } from '../contract/lease.js'

/** One attribute of a DynamoDB item, as far as the line uses it. */
export interface Attribute {
  S?: string | undefined
  N?: string | undefined
}

/** The line as one item shows it. */
export interface LineItem {
  /** The highest ticket ever handed out. */
  ticket: number
  /** In the order of their tickets. */
  contenders: Contender[]
  swept?: NonNullable<LineState['swept']>
  /** `lock_id`: django-sqlite-efs' own protocol uses this item. */
  foreignLockId?: string
}

/** The names of a contender's three attributes. The item is flat: a map would need a request to create it first. */
export const attributesOf = (id: string) => ({ ticket: `t:${id}`, aliveUntil: `u:${id}`, owner: `w:${id}` })

export function parseItem(attributes: Record<string, Attribute> | undefined): LineItem {
  const item: LineItem = { ticket: numberOf(attributes?.['ticket']), contenders: [] }
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (!name.startsWith('t:')) continue
    const id = name.slice(2)
    const names = attributesOf(id)
    item.contenders.push({
      id,
      ticket: numberOf(value),
      aliveUntilMs: numberOf(attributes?.[names.aliveUntil]),
      owner: attributes?.[names.owner]?.S ?? '',
    })
  }
  item.contenders.sort((a, b) => a.ticket - b.ticket)
  const swept = parseSwept(attributes?.['swept']?.S)
  if (swept) item.swept = swept
  const lockId = attributes?.['lock_id']
  if (lockId) item.foreignLockId = lockId.S ?? ''
  return item
}

/** `swept` is one string, so that setting it is one short assignment. */
export const formatSwept = ({ owner, ticket, atMs }: NonNullable<LineState['swept']>) => `${ticket} ${atMs} ${owner}`

function parseSwept(text: string | undefined): LineState['swept'] {
  const match = /^(\d+) (\d+) (.*)$/s.exec(text ?? '')
  return match ? { owner: match[3] ?? '', ticket: Number(match[1]), atMs: Number(match[2]) } : undefined
}

const numberOf = (attribute: Attribute | undefined) => Number(attribute?.N ?? 0)

export function stateOf(key: string, item: LineItem): LineState {
  const { ticket, contenders, swept } = item
  return { key, ticket, contenders, ...(swept && { swept }) }
}
