import type { Node } from 'constructs'

/** What a deployment may be told, each by `-c name=value`. */
export interface Settings {
  /**
   * At most so many instances of the API at once, which are kept for it. Without it the account's limit is the only one.
   *
   * @defaultValue no limit of its own
   */
  reservedConcurrency: number | undefined
  /** Is told of alarms, once it has agreed to be. @defaultValue nobody is told */
  alarmEmail: string | undefined
  /** Whether anybody may call the function URL; else it takes requests that are signed with AWS credentials. @defaultValue true */
  publicUrl: boolean
  /**
   * How the file system's throughput is had and paid: `elastic`, by use and without a limit that matters here, or `bursting`, at no cost and
   * up to what a small file system gets.
   *
   * @defaultValue 'elastic'
   */
  throughput: 'elastic' | 'bursting'
  /** Whether the file system and the table outlive the stack. @defaultValue true */
  keepData: boolean
}

const NAMES: readonly (keyof Settings)[] = ['reservedConcurrency', 'alarmEmail', 'publicUrl', 'throughput', 'keepData']

/**
 * Reads the settings from the context of the app. A name that is none of them is refused: who mistypes `publicUrl` would have a public one.
 *
 * @throws Error naming the setting and its value
 */
export function readSettings(node: Node): Settings {
  const known: readonly string[] = NAMES
  // CDK's own have signs in their names.
  const unknown = Object.keys(node.getAllContext() as object).find(
    (name) => /^\w+$/.test(name) && !known.includes(name),
  )
  if (unknown !== undefined) throw new Error(`-c ${unknown}: there is no such setting; expected ${NAMES.join(', ')}`)
  const values = Object.fromEntries(NAMES.map((name) => [name, text(node.tryGetContext(name))]))
  return {
    reservedConcurrency: readConcurrency(values['reservedConcurrency']),
    alarmEmail: readEmail(values['alarmEmail']),
    publicUrl: readBoolean('publicUrl', values['publicUrl'], true),
    throughput: readThroughput(values['throughput']),
    keepData: readBoolean('keepData', values['keepData'], true),
  }
}

/** The command line gives texts, a file what JSON has. */
function text(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : String(value)
}

function readConcurrency(value: string | undefined): number | undefined {
  if (value === undefined) return undefined
  if (!/^[1-9]\d*$/.test(value)) throw refusal('reservedConcurrency', value, 'expected a whole number above 0')
  return Number(value)
}

function readEmail(value: string | undefined): string | undefined {
  if (value !== undefined && !/^\S+@\S+$/.test(value)) throw refusal('alarmEmail', value, 'expected an address')
  return value
}

function readThroughput(value = 'elastic'): Settings['throughput'] {
  if (value !== 'elastic' && value !== 'bursting') throw refusal('throughput', value, 'expected elastic or bursting')
  return value
}

function readBoolean(name: keyof Settings, value: string | undefined, whenAbsent: boolean): boolean {
  if (value === undefined) return whenAbsent
  if (value !== 'true' && value !== 'false') throw refusal(name, value, 'expected true or false')
  return value === 'true'
}

function refusal(name: keyof Settings, value: string, expected: string): Error {
  return new Error(`-c ${name}=${value}: ${expected}`)
}
