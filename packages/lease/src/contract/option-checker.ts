import { didYouMean } from './nearest.js'

/** Makes a package's own error of the message about one option. */
export type OptionError = (message: string, option: string, cause?: unknown) => Error

/** Limits of a number. */
export interface NumberLimits {
  /** Minimum, exclusive. */
  above?: number
  /** Minimum. @default 0 */
  from?: number
  /** Maximum. @default none */
  to?: number
}

/** What a message has beside the rule and the value. */
export interface WrongOptionExtras {
  /** What to do instead. */
  hint?: string | undefined
  cause?: unknown
}

/**
 * Checks options. Every package words what is wrong in the same way, and throws it as an error of its own:
 * `Option ttlMs must be milliseconds above 0, got -5.`
 *
 * `undefined` passes where it stands for a default: every check but {@link OptionChecker.text}.
 */
export class OptionChecker {
  readonly #errorOf: OptionError
  readonly #nameOf: (option: string) => string

  /** @param nameOf - what the caller calls an option: `--ttl-ms` for `ttlMs`, for example */
  constructor(errorOf: OptionError, nameOf: (option: string) => string = (option) => option) {
    this.#errorOf = errorOf
    this.#nameOf = nameOf
  }

  /**
   * The error for a value that an option can't have.
   *
   * @param rule - what follows `must`
   * @param value - is shown, but for the content of objects: it may be a secret
   */
  wrong(option: string, rule: string, value: unknown, { hint, cause }: WrongOptionExtras = {}): Error {
    const isVariable = /^[A-Z][A-Z_]+$/.test(option)
    const name = isVariable ? option : this.#nameOf(option)
    const message = `${isVariable ? 'Environment variable' : 'Option'} ${name} must ${rule}, got ${shown(value)}${hint ? `; ${hint}` : ''}`
    return this.#errorOf(/[.?!]$/.test(message) ? message : `${message}.`, name, cause)
  }

  milliseconds<T extends number | undefined>(option: string, value: T, limits: NumberLimits = {}): T {
    return this.#number(option, value, { unit: 'milliseconds', isUnit: Number.isFinite, limits })
  }

  whole<T extends number | undefined>(option: string, value: T, limits: NumberLimits = {}): T {
    return this.#number(option, value, { unit: 'a whole number', isUnit: Number.isSafeInteger, limits })
  }

  /** A string that is not empty; `undefined` is none. */
  text(option: string, value: unknown, hint?: string): string {
    if (typeof value === 'string' && value !== '') return value
    throw this.wrong(option, 'be a string that is not empty', value, { hint })
  }

  boolean<T extends boolean | undefined>(option: string, value: T): T {
    if (value === undefined || typeof value === 'boolean') return value
    throw this.wrong(option, 'be true or false', value)
  }

  callback<T>(option: string, value: T): T {
    if (value === undefined || typeof value === 'function') return value
    throw this.wrong(option, 'be a function', value)
  }

  oneOf<T extends string | undefined>(option: string, value: T, choices: readonly NonNullable<T>[]): T {
    if (value === undefined || choices.includes(value)) return value
    const hint = didYouMean(value, choices, quoted)
    throw this.wrong(option, `be ${choices.map(quoted).join(' or ')}`, value, { hint })
  }

  #number<T extends number | undefined>(
    option: string,
    value: T,
    { unit, isUnit, limits }: { unit: string; isUnit: (value: unknown) => boolean; limits: NumberLimits },
  ): T {
    if (value === undefined) return value
    const { above, from = 0, to = value } = limits
    if (isUnit(value) && (above === undefined ? value >= from : value > above) && value <= to) return value
    throw this.wrong(option, `be ${unit}${range(limits)}`, value)
  }
}

function range({ above, from = 0, to }: NumberLimits): string {
  if (above !== undefined) return ` above ${above}${to === undefined ? '' : `, at most ${to}`}`
  return to === undefined ? `, ${from} or more` : ` from ${from} to ${to}`
}

const quoted = (value: string) => `'${value}'`

const MAX_SHOWN = 200

/** A value as it stands in a message. An object may have credentials in it, a client's configuration for example. */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') {
    const text = JSON.stringify(value)
    return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return typeof value === 'bigint' ? `${value}n` : String(value)
}
