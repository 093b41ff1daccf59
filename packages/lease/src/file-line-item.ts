import type { LineItem } from './item.js'
import type { Contender } from './lease.js'

/** An item as a file has it; nothing for a text that is missing, torn, or something else. */
export function parseStoredItem(text: string | undefined): LineItem | undefined {
  let stored: unknown
  try {
    stored = JSON.parse(text ?? '')
  } catch {
    return undefined
  }
  if (!isRecord(stored)) return undefined
  const { ticket, contenders, swept } = stored
  if (!isCount(ticket) || !Array.isArray(contenders) || !contenders.every(isContender)) return undefined
  return { ticket, contenders, ...(isSwept(swept) && { swept }) }
}

/** A file's name has 255 bytes, and less on some file systems. */
const MAX_NAME_PART = 160

/** A line of nobody, or of one, as a part of a file's name; nothing for what has no place there. */
export function namePartOf({ contenders, swept }: LineItem): string | undefined {
  if (contenders.length > 1 || swept) return undefined
  const part = Buffer.from(JSON.stringify(contenders)).toString('base64url')
  return part.length <= MAX_NAME_PART ? part : undefined
}

/** The other way round. */
export function parseNamePart(ticket: number, part: string): LineItem | undefined {
  const contenders = Buffer.from(part, 'base64url').toString()
  return parseStoredItem(`{"ticket":${ticket},"contenders":${contenders}}`)
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isCount = (value: unknown): value is number => Number.isSafeInteger(value)

const isContender = (value: unknown): value is Contender =>
  isRecord(value) &&
  typeof value['id'] === 'string' &&
  typeof value['who'] === 'string' &&
  isCount(value['ticket']) &&
  isCount(value['aliveUntilMs'])

const isSwept = (value: unknown): value is NonNullable<LineItem['swept']> =>
  isRecord(value) && typeof value['who'] === 'string' && isCount(value['ticket']) && isCount(value['atMs'])
