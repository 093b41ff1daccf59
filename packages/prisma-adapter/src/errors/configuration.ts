import { inspect } from 'node:util'
import { PrismaSqliteEfsError } from './errors.js'

/** An option that can't be used; the message names it, its value, and the way out. */
export function configurationError(option: string, value: unknown, why: string, cause?: unknown): PrismaSqliteEfsError {
  return new PrismaSqliteEfsError({
    code: 'CONFIGURATION',
    message: `prisma-adapter-sqlite-efs: option ${option} is ${describe(value)}: ${why}`,
    meta: { option },
    cause,
  })
}

/** An option that does not exist. */
export const unknownOption = (option: string, wayOut: string): PrismaSqliteEfsError =>
  new PrismaSqliteEfsError({
    code: 'CONFIGURATION',
    message: `prisma-adapter-sqlite-efs: there is no option ${option}; ${wayOut}`,
    meta: { option },
  })

const describe = (value: unknown) => {
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { depth: 1, breakLength: Infinity })
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}
